//! What an account does with itself: deleted, exported, given another name.

use std::time::Duration;

use longhall_packet::{
    CloseReason, Denial, DenyCode, ExportedAccount, ExportedChannel, ExportedLine, ExportedReport,
    FactorCode, INBOX, LineKind, Password, RequestId, ServerPacket, Username,
};

use super::recovery::told;
use super::{Answer, FakeServer, LOBBY, Me, key, keys};
use crate::own_data::ExportPlace as Place;
use crate::records::{Cursor, Kept, Log, NameChanged, NewName};

/// How long an account that is to be deleted is kept, in milliseconds: fourteen days.
const DELETION_DELAY_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Between two new names of an account, and how long the old one is kept for it: thirty
/// days.
const RENAME_INTERVAL_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Lines on one page of an export.
const PAGE: usize = 100;
/// Reports on one page of an export.
const REPORTS_PAGE: usize = 15;

impl FakeServer {
    pub(super) fn delete_account(
        &mut self,
        me: Me,
        id: RequestId,
        password: &Password,
        code: Option<&FactorCode>,
    ) -> Answer {
        self.check_password(me.user, password)?;
        self.check_factor(me.user, code)?;
        let due_ms = self.now() + DELETION_DELAY_MS;
        let (known, now_ms) = (password.expose(), self.now());
        if !self.world.mark_deletion(me.user, known, now_ms, due_ms) {
            return Err(DenyCode::BadCredentials.into());
        }
        self.ok(me.connection, id)?;
        let seats = self.online.iter().filter(|(_, seat)| seat.user == me.user);
        let all: Vec<u64> = seats.map(|(connection, _)| *connection).collect();
        for connection in all {
            self.unseat(connection, Some(CloseReason::AccountDeleted));
        }
        Ok(())
    }

    pub(super) fn keep_account(&mut self, me: Me, id: RequestId) -> Answer {
        match self.world.keep_account(me.user, self.now()) {
            Kept::Kept | Kept::NotMarked => self.ok(me.connection, id),
            Kept::TooLate => Err(DenyCode::TooLate.into()),
        }
    }

    pub(super) fn rename(
        &mut self,
        me: Me,
        id: RequestId,
        (password, code): (&Password, Option<&FactorCode>),
        username: &Username,
    ) -> Answer {
        self.check_password(me.user, password)?;
        self.check_factor(me.user, code)?;
        // Nobody has the lobby's name.
        if key(username.as_str()) == LOBBY {
            return Err(DenyCode::UsernameTaken.into());
        }
        let now_ms = self.now();
        self.world.free_old_names(now_ms);
        let changed = self.world.change_name(NewName {
            user: me.user,
            known: password.expose().to_owned(),
            username: username.to_string(),
            keys: keys(username.as_str()),
            now_ms,
            not_since_ms: now_ms - RENAME_INTERVAL_MS,
            kept_until_ms: now_ms + RENAME_INTERVAL_MS,
        });
        let was = match changed {
            NameChanged::From(was) => was,
            NameChanged::Taken => return Err(DenyCode::UsernameTaken.into()),
            NameChanged::OtherPassword => return Err(DenyCode::BadCredentials.into()),
            NameChanged::TooSoon(last_ms) => {
                let left_ms = (last_ms + RENAME_INTERVAL_MS).saturating_sub(now_ms);
                let left = Duration::from_millis(left_ms.unsigned_abs());
                return Err(Denial::for_now(DenyCode::RateLimited, left));
            }
        };
        let renamed = ServerPacket::Renamed {
            username: was,
            new_username: username.to_string(),
        };
        let all = self.online.keys();
        let told = all.map(|connection| (*connection, renamed.clone()));
        self.out.extend(told);
        self.ok(me.connection, id)
    }

    pub(super) fn export(&mut self, me: Me, id: RequestId, after: Option<&str>) -> Answer {
        let seat = self.online.get_mut(&me.connection);
        let last = seat.and_then(|seat| seat.export.take());
        let place = match after {
            None => None,
            Some(after) if last.as_deref() == Some(after) => Place::parse(after),
            Some(_) => return Err(DenyCode::NotAllowed.into()),
        };
        let (mut account, mut lines, mut reports) = (None, Vec::new(), Vec::new());
        let next = match place {
            None => {
                account = Some(Box::new(self.exported_account(me)));
                Some(Place::Lines(0))
            }
            Some(Place::Lines(after)) => {
                let page = self.world.said(me.user, after, PAGE);
                let username = self.world.username(me.user);
                lines.extend(page.lines.into_iter().map(|said| said.exported(&username)));
                Some(page.next.map_or(Place::Whispers(0), Place::Lines))
            }
            Some(Place::Whispers(after)) => {
                let inbox = Log::Inbox(me.user);
                let page = self
                    .world
                    .lines(inbox, Cursor::After(after), PAGE, usize::MAX);
                let last = page.lines.last().map(|(_, line)| line.seq);
                let all = page.lines.into_iter().map(|(_, line)| line);
                let all =
                    all.filter(|line| matches!(line.kind, LineKind::Said | LineKind::Deleted));
                lines.extend(all.map(|line| ExportedLine {
                    channel: INBOX.to_owned(),
                    seq: line.seq,
                    sender: line.sender,
                    recipient: line.recipient,
                    text: line.text,
                    sent_at_ms: line.sent_at_ms,
                    edited_at_ms: line.edited_at_ms,
                }));
                let last = last.filter(|_| page.more);
                Some(last.map_or(Place::Reports(0), Place::Whispers))
            }
            Some(Place::Reports(after)) => {
                let made = self.world.reports_by(me.user, after, REPORTS_PAGE + 1);
                let more = made.len() > REPORTS_PAGE;
                reports.extend(
                    made.into_iter()
                        .take(REPORTS_PAGE)
                        .map(ExportedReport::from),
                );
                let last = reports.last().map(|last: &ExportedReport| last.report);
                last.filter(|_| more).map(Place::Reports)
            }
        };
        let next = next.map(|place| place.to_string());
        if let Some(seat) = self.online.get_mut(&me.connection) {
            seat.export.clone_from(&next);
        }
        let page = ServerPacket::Export {
            id,
            account,
            lines,
            reports,
            next,
        };
        self.reply(me.connection, page);
        Ok(())
    }

    fn exported_account(&self, me: Me) -> ExportedAccount {
        let memberships = self.world.memberships(me.user).into_iter();
        let blocked = self.world.blocks(me.user).into_iter();
        let user = self.world.users.get(&me.user);
        let deleted_at_ms = user.and_then(|(user, _)| user.deleted_at_ms);
        let kept = self.world.profile(me.user);
        ExportedAccount {
            username: self.world.username(me.user),
            // Nobody asks a test when it began.
            created_at_ms: 0,
            deleted_at_ms: deleted_at_ms.map(i64::unsigned_abs),
            last_login: self.world.safety(me.user).last_login.map(told),
            sessions: self.listed_sessions(me),
            channels: memberships
                .map(|mine| ExportedChannel {
                    channel: mine.channel.name.to_string(),
                    role: mine.role,
                    read_seq: mine.read_seq,
                })
                .collect(),
            blocked: blocked.map(|(_, name)| name).collect(),
            invitations: self.world.invitations(me.user),
            sanctions: Vec::new(),
            profile: kept.profile,
            profile_version: kept.version,
        }
    }
}
