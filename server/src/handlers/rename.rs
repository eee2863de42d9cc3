//! A player gets another name.

use std::time::Duration;

use longhall_packet::{Denial, DenyCode, FactorCode, Password, RequestId, ServerPacket, Username};
use tracing::info;

use super::outcome::Outcome;
use super::proof::{check_own_factor, check_own_password};
use crate::session::Session;
use crate::store::{NameChanged, NewName};

/// Answers `rename` with `ok`, behind the news to everybody who is online.
pub(crate) async fn rename(
    session: &Session,
    id: RequestId,
    (password, code): (Password, Option<&FactorCode>),
    username: &Username,
) -> Outcome {
    let me = session.me()?;
    let server = &session.server;
    // A new name in a raid is as good as a new account.
    if let Some(wait) = server.sanctions.closed_for(|| server.clock.now_ms()) {
        return Err(Denial::for_now(DenyCode::RateLimited, wait).into());
    }
    let known = check_own_password(session, password).await?;
    let keys = username.keys();
    let is_reserved = server.reserved.load().contain(&keys);
    if is_reserved || server.words.now().is_in_name(username.as_str()) {
        return Err(DenyCode::UsernameTaken.into());
    }
    check_own_factor(session, code).await?;
    let (interval_ms, kept_ms) = {
        let settings = server.settings();
        let accounts = &settings.accounts;
        (
            millis(accounts.rename_interval),
            millis(accounts.old_name_kept),
        )
    };
    let now_ms = server.clock.now_ms();
    let new = NewName {
        user: me.user.id,
        known,
        username: username.to_string(),
        keys: keys.clone(),
        now_ms,
        not_since_ms: now_ms.saturating_sub(interval_ms),
        kept_until_ms: server.clock.lasting_from_ms().saturating_add(kept_ms),
    };
    let was = match server.store.change_name(new).await? {
        NameChanged::From(was) => was,
        NameChanged::Taken => return Err(DenyCode::UsernameTaken.into()),
        NameChanged::OtherPassword => return Err(DenyCode::BadCredentials.into()),
        NameChanged::TooSoon(last_ms) => {
            let left_ms = last_ms.saturating_add(interval_ms).saturating_sub(now_ms);
            let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
            return Err(Denial::for_now(DenyCode::RateLimited, left).into());
        }
    };
    info!(
        connection = session.connection,
        user = me.user.id.0,
        was,
        %username,
        "renamed"
    );
    let renamed = ServerPacket::Renamed {
        username: was,
        new_username: username.to_string(),
    };
    let hub = &server.hub;
    hub.rename(me.user.id, username.as_str(), &keys.name, &renamed);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{Access, DenyCode, ServerPacket};

    use crate::handlers::test_requests::{ID, chat, members, rename};
    use crate::handlers::test_session::TestSession;

    fn renamed(was: &str, is: &str) -> ServerPacket {
        ServerPacket::Renamed {
            username: was.to_owned(),
            new_username: is.to_owned(),
        }
    }

    #[tokio::test]
    async fn everybody_is_told_of_another_name_and_all_devices_speak_under_it() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        let mut tablet = ada.another_device("ada").await;
        ada.ask(rename("correct horse", "Grace")).await;
        for player in [&mut ada, &mut bob, &mut tablet] {
            assert_eq!(player.next(), renamed("ada", "Grace"));
        }
        ada.expect_ok(ID);
        tablet.chat("den", "still me").await;
        for player in [&mut ada, &mut bob] {
            let line = player.expect_line();
            assert_eq!((&*line.sender, &*line.text), ("Grace", "still me"));
        }
        bob.ask(chat("@grace", 1, "hello")).await;
        let line = ada.expect_line();
        assert_eq!(
            (&*line.sender, line.recipient.as_deref()),
            ("bob", Some("Grace"))
        );
        bob.forget_waiting();
        bob.ask(members("den", None)).await;
        let ServerPacket::Members { members, .. } = bob.next() else {
            panic!("no roster")
        };
        let names: Vec<_> = members.iter().map(|member| &*member.username).collect();
        assert_eq!(names, ["bob", "Grace"]);
        let mut back = ada.another();
        back.try_login("Grace", "correct horse").await;
        assert_eq!(back.expect_logged_in(2).0, "Grace");
    }

    #[tokio::test]
    async fn a_new_name_takes_the_password_and_must_be_free_and_the_last_one_old() {
        let mut ada = TestSession::with(|config| {
            config.accounts.rename_interval = Duration::from_secs(3600);
            config.names.reserved = vec!["Gandalf".to_owned()];
        });
        ada.register_and_login("ada").await;
        let mut bob = ada.another();
        bob.register_and_login("bob").await;
        ada.refused(rename("battery staple", "Grace"), DenyCode::BadCredentials)
            .await;
        for taken in ["Bob", "b0b", "gandalf", "admin"] {
            ada.refused(rename("correct horse", taken), DenyCode::UsernameTaken)
                .await;
        }
        ada.ask(rename("correct horse", "Grace")).await;
        assert_eq!(ada.next(), renamed("ada", "Grace"));
        ada.expect_ok(ID);
        ada.refused(rename("correct horse", "Ada2"), DenyCode::RateLimited)
            .await;
        ada.step_clock(Duration::from_secs(3600));
        ada.ask(rename("correct horse", "ada")).await;
        assert_eq!(ada.next(), renamed("Grace", "ada"));
    }

    #[tokio::test]
    async fn an_old_name_and_what_looks_like_it_is_kept_for_whose_it_was() {
        let [mut lan, mut bob] = TestSession::players(["lan", "bob"]).await;
        lan.ask(rename("correct horse", "Grace")).await;
        lan.next();
        lan.expect_ok(ID);
        bob.next();
        let mut visitor = lan.another();
        for taken in ["lan", "Ian", "LAN"] {
            visitor.try_register(taken).await;
            visitor.expect_deny(Some(1), DenyCode::UsernameTaken);
            bob.refused(rename("correct horse", taken), DenyCode::UsernameTaken)
                .await;
        }
        let kept = Duration::from_secs(31 * 24 * 3600);
        lan.step_clock(kept);
        let store = lan.store();
        store.free_old_names(i64::MAX).await.unwrap();
        visitor.register("lan").await;
    }
}
