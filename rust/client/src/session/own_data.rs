//! What a player does with their own account: deleted, kept, exported, renamed.

use std::time::Duration;

use longhall_packet::{
    ClientPacket, ExportedAccount, ExportedLine, ExportedReport, FactorCode, Password, RequestId,
    Username,
};

use super::Session;
use crate::requests::{Asked, Request};
use crate::{Answer, Call, Event};

/// What the player asks for.
impl Session {
    /// Has the account deleted: at once, or once the operator's time for a change of mind is
    /// over. The player is logged out by it everywhere, with
    /// [`CloseReason::AccountDeleted`](longhall_packet::CloseReason::AccountDeleted). The
    /// password is not kept. `code` is that of the second factor, and empty without one.
    pub fn delete_account(&mut self, now: Duration, password: &str, code: &str) -> Call {
        self.ask(now, Asked::Done, |_, id| {
            Ok(ClientPacket::DeleteAccount {
                id,
                password: Password::parse(password)?,
                code: FactorCode::parse_optional(code),
            })
        })
    }

    /// Keeps the account that is to be deleted, see
    /// [`deletion_at_ms`](Self::deletion_at_ms).
    pub fn keep_account(&mut self, now: Duration) -> Call {
        self.ask(now, Asked::Kept, |_, id| {
            Ok(ClientPacket::KeepAccount { id })
        })
    }

    /// Asks for all that the server knows of the account, page after page; ends with
    /// [`Answer::Export`].
    pub fn export_account(&mut self, now: Duration) -> Call {
        let asked = Asked::Export(Box::default());
        self.ask(now, asked, |_, id| {
            Ok(ClientPacket::Export { id, after: None })
        })
    }

    /// Gives the account another name; ends in [`Event::AccountRenamed`] as well. The
    /// password is not kept. `code` is that of the second factor, and empty without one.
    pub fn rename_account(
        &mut self,
        now: Duration,
        password: &str,
        new_name: &str,
        code: &str,
    ) -> Call {
        self.ask(now, Asked::Done, |_, id| {
            Ok(ClientPacket::Rename {
                id,
                password: Password::parse(password)?,
                username: Username::parse(new_name)?,
                code: FactorCode::parse_optional(code),
            })
        })
    }
}

/// What the server says.
impl Session {
    pub(super) fn handle_export(
        &mut self,
        now: Duration,
        id: RequestId,
        page: (
            Option<Box<ExportedAccount>>,
            Vec<ExportedLine>,
            Vec<ExportedReport>,
        ),
        next: Option<String>,
    ) {
        let fits = |request: &Request| matches!(request, Request::Asked(_, Asked::Export(_)));
        let Some(Request::Asked(call, Asked::Export(mut export))) = self.requests.take(id, fits)
        else {
            return;
        };
        let (account, lines, reports) = page;
        if export.add(account, lines, reports, next.is_some()) {
            let id = self.begin(now, Request::Asked(call, Asked::Export(export)));
            self.send(&ClientPacket::Export { id, after: next });
        } else {
            self.settle(call, Ok(Answer::Export(export)));
        }
    }

    pub(super) fn handle_renamed(&mut self, username: String, new_username: String) {
        if self.username() == Some(username.as_str()) {
            self.login.renamed(new_username.clone());
            self.announce(Event::AccountRenamed {
                username,
                new_username,
            });
        } else {
            self.conversations.renamed(&username, &new_username);
            self.announce(Event::PlayerRenamed {
                username,
                new_username,
            });
        }
    }
}
