//! A player says something.

use std::time::Duration;

use longhall_packet::{
    ChannelName, ChatText, ClientPacket, Denial, DenyCode, Field, LineId, RequestId, Role, Target,
    Username,
};
use longhall_world::rules;
use tokio::time::Instant;
use tracing::warn;

use super::lookup::{membership, other_user};
use super::outcome::Outcome;
use crate::chat_log::{self, Submission};
use crate::flagged;
use crate::hub::Place;
use crate::session::{Player, Session};
use crate::store::LogAction;

/// The quick way of [`chat`], without waiting for anything: a line for a channel that
/// the sender is in, while the chat log has room. That is what nearly all packets are.
/// False when it takes longer; nothing has happened then.
pub(crate) fn chat_at_once(session: &Session, packet: &ClientPacket, now: Instant) -> bool {
    let ClientPacket::Chat {
        id,
        channel: Target::Channel(channel),
        line_id,
        text,
    } = packet
    else {
        return false;
    };
    let log = &session.server.chat_log;
    if !log.has_room() {
        return false;
    }
    // What is denied, and what has to be looked up, is answered by the other way.
    match line(session, *id, channel, (*line_id, text), now) {
        Ok(Some(line)) => log.write_now(line),
        Ok(None) | Err(_) => false,
    }
}

/// Answers `chat` with `posted`, once the line is on disk and on its way to
/// everybody: by the chat log, while the session goes on.
pub(crate) async fn chat(
    session: &Session,
    id: RequestId,
    target: &Target,
    line_id: LineId,
    text: &ChatText,
) -> Outcome {
    match target {
        Target::Channel(channel) => {
            let now = Instant::now();
            let Some(line) = line(session, id, channel, (line_id, text), now)? else {
                // Only a sender in the wrong place costs a look into the store.
                membership(session, channel).await?;
                return Err(DenyCode::NotAMember.into());
            };
            Ok(session.server.chat_log.write(line).await?)
        }
        Target::Whispers(recipient) => whisper(session, id, recipient, line_id, text).await,
        // To whom?
        Target::Inbox => Err(DenyCode::UnknownUser.into()),
    }
}

/// A line for a channel that the player is in, as the hub knows, if it may be said there now.
fn line(
    session: &Session,
    id: RequestId,
    channel: &ChannelName,
    (line_id, text): (LineId, &ChatText),
    now: Instant,
) -> Result<Option<Submission>, Denial> {
    let server = &session.server;
    let place = |me: &Player| server.hub.place_of(me.user.id, channel);
    let Some((me, place)) = session.player().and_then(|me| Some((me, place(me)?))) else {
        return Ok(None);
    };
    let fit = server.fit_to_read(text.as_str(), place.speech.filter, Field::Text)?;
    let line = (line_id, place.channel.0);
    let speaker = session.known_speaker();
    let is_counted = match speaker {
        Some(speaker) => speaker.check_repeat(line, text.as_str(), now)?,
        None => false,
    };
    if let Err(wait) = take_turn(session, me, &place, line_id, &fit.text) {
        if let Some(speaker) = speaker.filter(|_| is_counted) {
            speaker.take_back(line);
        }
        return Err(Denial::for_now(DenyCode::SlowMode, wait));
    }
    if fit.is_flagged && server.limits.may_log_denial(session.address) {
        let (user, channel) = (me.user.id.0, &place.name);
        warn!(user, username = me.user.username(), %channel, "said a blocked word");
    }
    let what = LogAction::Say {
        channel: place.channel,
        line_id,
        text: fit.text,
    };
    let mut request = session.request(me, id, place.name, what);
    if fit.is_flagged {
        flagged::watch(server, place.channel, None, &mut request);
    }
    Ok(Some(request))
}

/// Takes the player's turn where there is slow mode.
fn take_turn(
    session: &Session,
    me: &Player,
    place: &Place,
    line_id: LineId,
    text: &str,
) -> Result<(), Duration> {
    let is_slow = place.speech.slow_mode_s > 0;
    if !is_slow || rules::is_free_of_slow_mode(Role::Member, session.server_role()) {
        return Ok(());
    }
    // The hub knows what the player is in the channel.
    let hub = &session.server.hub;
    hub.take_turn(me.user.id, place.channel, line_id, text)
}

async fn whisper(
    session: &Session,
    id: RequestId,
    recipient: &Username,
    line_id: LineId,
    text: &ChatText,
) -> Outcome {
    let (recipient, recipient_name) = other_user(session, recipient).await?;
    let server = &session.server;
    let me = session.me()?;
    let speaker = session.known_speaker().ok_or(DenyCode::NotLoggedIn)?;
    speaker.check_repeat((line_id, -recipient.0), text.as_str(), Instant::now())?;
    if !speaker.is_answered_by(recipient) {
        if server.store.has_whispered(recipient, me.user.id).await? {
            speaker.note_answer_of(recipient);
        } else if me.user.is_guest {
            return Err(DenyCode::AccountNeeded.into());
        } else {
            server.limits.check_unanswered_whisper(me.user.id)?;
        }
    }
    let is_there = !server.hub.sessions(recipient).is_empty();
    let what = LogAction::Whisper {
        recipient,
        recipient_name,
        line_id,
        text: text.as_str().to_owned(),
        kept_at_most: (!is_there).then_some(server.settings().history.whispers_waiting),
    };
    Ok(session.write(id, chat_log::inbox(), what).await?)
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, ServerPacket};

    use crate::handlers::test_requests::{blocks, chat, delete, edit};
    use crate::handlers::test_session::TestSession;
    use crate::store::Cursor;

    #[tokio::test]
    async fn a_line_reaches_everyone_stamped_and_numbered_by_the_server() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        // A sender a client makes up is passed over.
        ada.send(
            r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"[b]hi[/b]","sender":"bob","seq":99}"#,
        )
        .await;
        let heard = bob.next();
        assert_eq!(heard, ada.next());
        let ServerPacket::Chat { channel, line } = heard else {
            panic!("not a line: {heard:?}")
        };
        assert_eq!(channel, "lobby");
        assert_eq!((line.seq, line.sender.as_str()), (1, "ada"));
        assert_eq!(line.text, "[b]hi[/b]");
        assert!(line.sent_at_ms > 1_700_000_000_000);
        let posted = ServerPacket::Posted {
            id: 7,
            channel,
            seq: 1,
            sent_at_ms: line.sent_at_ms,
        };
        assert_eq!(ada.next(), posted);
        bob.expect_nothing();
    }

    #[tokio::test]
    async fn a_line_sent_again_is_acknowledged_again_and_heard_once() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let line = chat("lobby", 1, "hi");
        ada.ask(&line).await;
        ada.expect_line();
        let posted = ada.next();
        ada.ask(&line).await;
        assert_eq!(ada.next(), posted);
        assert_eq!(bob.expect_line().seq, 1);
        bob.expect_nothing();
    }

    #[tokio::test]
    async fn a_line_that_breaks_a_rule_reaches_nobody() {
        let mut ada = TestSession::player("ada").await;
        for (text, code) in [
            ("x".repeat(501), DenyCode::TooLong),
            (r"a\u0007b".to_owned(), DenyCode::ForbiddenCharacter),
        ] {
            let packet = r#"{"type":"chat","id":6,"channel":"lobby","line_id":1,"text":"@"}"#;
            ada.send(&packet.replace('@', &text)).await;
            ada.expect_deny(Some(6), code);
        }
        ada.expect_nothing();
    }

    #[tokio::test]
    async fn a_channel_is_heard_by_its_members_alone() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        ada.chat("den", "just me").await;
        bob.expect_nothing();
        bob.say("den", "let me in").await;
        bob.expect_deny(Some(6), DenyCode::NotAMember);
        bob.say("nowhere", "hello?").await;
        bob.expect_deny(Some(6), DenyCode::UnknownChannel);
        ada.create("secret", Access::Invite).await;
        bob.say("secret", "hello?").await;
        bob.expect_deny(Some(6), DenyCode::UnknownChannel);
        bob.join("den").await;
        assert_eq!(bob.chat("den", "here I am").await, 2);
        assert_eq!(ada.expect_line().text, "here I am");
    }

    #[tokio::test]
    async fn a_whisper_reaches_the_other_one_and_all_devices_of_both() {
        let mut ada = TestSession::player("ada").await;
        let (mut tablet, mut bob, mut eve) = (ada.another(), ada.another(), ada.another());
        tablet.try_login("ada", "correct horse").await;
        tablet.expect_logged_in(2);
        bob.register_and_login("bob").await;
        eve.register_and_login("eve").await;
        ada.chat("@BOB", "psst").await;
        for heard in [tablet.next(), bob.next()] {
            let ServerPacket::Chat { channel, line } = heard else {
                panic!("not a line: {heard:?}")
            };
            assert_eq!(channel, "@");
            assert_eq!(
                (line.sender.as_str(), line.recipient.as_deref()),
                ("ada", Some("bob"))
            );
            assert_eq!(line.text, "psst");
        }
        eve.expect_nothing();
    }

    #[tokio::test]
    async fn whispers_to_nobody_and_to_oneself_are_refused() {
        let mut ada = TestSession::player("ada").await;
        for (target, code) in [
            ("@nobody", DenyCode::UnknownUser),
            ("@Ada", DenyCode::NotYourself),
            ("@", DenyCode::UnknownUser),
        ] {
            ada.say(target, "psst").await;
            ada.expect_deny(Some(6), code);
        }
    }

    #[tokio::test]
    async fn whispers_wait_for_who_is_away_but_not_too_many() {
        let [mut ada] =
            TestSession::players_with(|config| config.history.whispers_waiting = 8, ["ada"]).await;
        let mut bob = ada.another();
        bob.register("bob").await;
        ada.chat("@bob", "one").await;
        ada.chat("@bob", "two").await;
        ada.say("@bob", "three").await;
        ada.expect_deny(Some(6), DenyCode::InboxFull);
        bob.try_login("bob", "correct horse").await;
        let ServerPacket::LoggedIn { inbox, .. } = bob.next() else {
            panic!("not logged in")
        };
        assert_eq!((inbox.last_seq, inbox.conversations[0].unread), (2, 2));
        let (lines, _) = bob.history("@", Cursor::After(0), 10).await;
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one", "two"]);
        ada.chat("@bob", "there you are").await;
        assert_eq!(bob.expect_line().seq, 3);
    }

    #[tokio::test]
    async fn lines_that_the_store_cannot_keep_reach_nobody() {
        let [mut ada, bob] = TestSession::players(["ada", "bob"]).await;
        ada.close_store().await;
        ada.say("lobby", "hi").await;
        ada.expect_deny(Some(6), DenyCode::Unavailable);
        bob.expect_nothing();
    }

    /// Whether the last request was refused as one too many.
    fn is_limited(player: &mut TestSession) -> bool {
        let mut is_limited = false;
        while !player.is_silent() {
            is_limited |= matches!(
                player.next(),
                ServerPacket::Deny {
                    code: DenyCode::RateLimited,
                    retry_after_ms: Some(1..),
                    ..
                }
            );
        }
        is_limited
    }

    #[tokio::test]
    async fn an_account_says_no_more_on_many_devices_than_on_one() {
        let [ada, mut bob] = TestSession::players_with(
            |config| config.rates.lines_per_second = Some(2),
            ["ada", "bob"],
        )
        .await;
        let mut devices = vec![ada];
        for _ in 0..4 {
            let mut device = devices[0].another();
            device.try_login("ada", "correct horse").await;
            device.expect_logged_in(2);
            devices.push(device);
        }
        let mut said = 0;
        for round in 0..40 {
            let device = &mut devices[round % 5];
            device.forget_waiting();
            device.say("lobby", "hi").await;
            said += u32::from(!is_limited(device));
        }
        // Eight at once, and what a slow machine takes time for.
        assert!((8..16).contains(&said), "{said}");
        // All that is written down counts, wherever it goes.
        let device = &mut devices[1];
        for entry in [
            chat("@bob", 7, "hi"),
            edit("lobby", 1, "ho"),
            delete("lobby", 1),
        ] {
            let mut tries = 0;
            loop {
                device.ask(&entry).await;
                if is_limited(device) {
                    break;
                }
                tries += 1;
                assert!(tries < 16, "{}", entry.name());
            }
        }
        // Nobody else has less for it, and other packets are no lines.
        device.ask(blocks()).await;
        assert!(!is_limited(device));
        bob.forget_waiting();
        bob.chat("lobby", "are you done?").await;
        // A device that is new to the account has no new allowance.
        let mut new = devices[0].another();
        new.try_login("ada", "correct horse").await;
        new.expect_logged_in(2);
        let mut said = 0;
        for _ in 0..20 {
            new.say("lobby", "hi").await;
            said += u32::from(!is_limited(&mut new));
        }
        assert!(said < 8, "{said}");
    }

    #[tokio::test]
    async fn whispers_to_who_never_answers_are_slower() {
        let [mut eve, _ada, mut bob] = TestSession::players_with(
            |config| config.rates.unanswered_whispers_per_minute = 3,
            ["eve", "ada", "bob"],
        )
        .await;
        let mut said = 0;
        for _ in 0..10 {
            eve.say("@ada", "buy swords").await;
            said += u32::from(!is_limited(&mut eve));
        }
        assert_eq!(said, 3);
        // To another one it is no faster; in a channel it is.
        eve.say("@bob", "buy swords").await;
        assert!(is_limited(&mut eve));
        eve.say("lobby", "buy swords").await;
        assert!(!is_limited(&mut eve));
        // A player who has answered may be talked to by the one they answered.
        bob.say("@eve", "no, thanks").await;
        for _ in 0..20 {
            eve.say("@bob", "but they are cheap").await;
            assert!(!is_limited(&mut eve));
        }
        eve.say("@ada", "buy swords").await;
        assert!(is_limited(&mut eve));
    }
}
