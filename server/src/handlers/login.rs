//! A player logs in with a password.

use longhall_packet::{CloseReason, DenyCode, FactorCode, NameKeys, Password, RequestId, Username};
use tracing::warn;

use super::arriving::{Arriving, changed_meanwhile};
use super::enter::{Entering, enter};
use super::outcome::Outcome;
use super::proof::check_factor;
use crate::rate_limit::{self, Tried};
use crate::server::Server;
use crate::session::Session;
use crate::store::{AccountKind, NewSession, Safety, User};
use crate::{last_login, resume_token};

/// Answers `login`: a new session, beside those on other devices. Of too many,
/// the one seen least lately ends and is told why.
pub(crate) async fn login(
    session: &mut Session,
    id: RequestId,
    username: &Username,
    password: Password,
    device: String,
    code: Option<FactorCode>,
) -> Outcome {
    let server = &session.server;
    let name_key = username.name_key();
    let address = session.address;
    server.count_try(Tried::Login(address)).await?;
    let at_name = Tried::LoginAtName(address, &name_key);
    server.count_try(at_name).await?;
    let place = rate_limit::place(session.address);
    let is_known_place = server.store.is_known_place(&name_key, place).await?;
    if !is_known_place {
        server.count_try(Tried::StrangersLogin(&name_key)).await?;
    }

    let arriving = Arriving::begin(&server.hub);
    let user = server.store.user_by_name(&name_key).await?;
    // A guest has no password, and is nobody to who asks by one.
    let user = user.filter(|user| user.kind != AccountKind::Guest);
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let verified = server.passwords.verify(stored, password).await?;
    let Some(mut user) = user.filter(|_| verified.valid) else {
        return Err(DenyCode::BadCredentials.into());
    };
    // Its time is over: it is as good as gone.
    if is_over(server, &user) {
        return Err(DenyCode::BadCredentials.into());
    }
    // Not before: a stranger without the password need not know of the ban.
    server.check_ban(user.id, &name_key)?;
    if user.kind == AccountKind::Waiting {
        return Err(DenyCode::ApprovalPending.into());
    }
    let safety = server.store.safety(user.id).await?;
    if let Some(secret) = safety.second_factor.clone() {
        let code = code.ok_or(DenyCode::CodeNeeded)?;
        let tries = match is_known_place {
            true => Tried::CodeAtName(address, &name_key),
            false => Tried::StrangersCode(&name_key),
        };
        check_factor(session, user.id, secret, &code, &[tries]).await?;
    }
    if let Some(hash) = verified.rehashed {
        // The login is good even when the better hash cannot be kept now.
        let known = user.password_hash.clone();
        let set = server.store.set_password_hash(user.id, known, hash.clone());
        match set.await {
            Ok(true) => user.password_hash = hash,
            // The password was changed, or another login was faster.
            Ok(false) => {}
            Err(cause) => {
                warn!(connection = session.connection, %cause, "a better hash could not be kept");
            }
        }
    }

    begin_session(session, arriving, id, (user, safety), device).await
}

/// The end of a login, once it is known who it is: a new session, that enters.
pub(super) async fn begin_session(
    session: &mut Session,
    arriving: Arriving,
    id: RequestId,
    (mut user, safety): (User, Safety),
    device: String,
) -> Outcome {
    let (server, address) = (&session.server, session.address);
    let name_key = NameKeys::name_of(&user.username);
    let place = rate_limit::place(session.address);
    let connection = server.store.connection_number().await?;
    let token = resume_token::new_token()?;
    let now_ms = server.clock.now_ms();
    let at_most = server.settings().capacity.sessions_per_account.max(1);
    let (new, ended) = server
        .store
        .insert_session(NewSession {
            user: user.id,
            token: resume_token::hash(&token),
            device,
            now_ms,
            expires_at_ms: server.session_end_ms(),
            ended_by_ms: server.clock.ended_by_ms(),
            at_most,
            connected: server.hub.sessions(user.id),
            place: Some(place),
            network: Some(last_login::network(address)),
        })
        .await?;
    if !ended.is_empty() {
        server
            .hub
            .end_sessions(user.id, &ended, CloseReason::SessionEnded);
    }

    // A change of the password, or a second factor, has ended the sessions there were, but
    // not one that was added after it.
    let now = server.store.user_by_name(&name_key).await?;
    let safety_now = server.store.safety(user.id).await?;
    let is_same_factor = safety_now.second_factor == safety.second_factor;
    let now = now.filter(|now| is_same_factor && now.password_hash == user.password_hash);
    let Some(now) = now else {
        let token = resume_token::hash(&token);
        server.store.delete_session(token).await?;
        return Err(changed_meanwhile().into());
    };
    // Nor was it known before that the account is to be deleted.
    user.deleted_at_ms = now.deleted_at_ms;

    let entering = Entering {
        user,
        session: new,
        connection,
        token,
        resumed: false,
        last_login: safety.last_login.map(last_login::told),
    };
    enter(session, arriving, id, entering).await
}

/// Whether the time of an account is over that its player has deleted.
pub(super) fn is_over(server: &Server, user: &User) -> bool {
    let ended_by_ms = server.clock.ended_by_ms();
    user.deleted_at_ms
        .is_some_and(|due_ms| due_ms <= ended_by_ms)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use futures_util::FutureExt;
    use longhall_packet::{Access, CloseReason, DenyCode, ServerPacket};

    use crate::handlers::test_requests::logout;
    use crate::handlers::test_session::TestSession;
    use crate::store::SessionId;

    #[tokio::test]
    async fn a_player_logs_in_under_the_name_as_registered() {
        let mut player = TestSession::new();
        player.register("Ada").await;
        player.try_login("aDA", "correct horse").await;
        assert_eq!(player.expect_logged_in(2).0, "Ada");
    }

    #[tokio::test]
    async fn wrong_password_and_unknown_name_get_the_same_answer() {
        let mut player = TestSession::new();
        player.register("ada").await;
        player.try_login("ada", "battery staple").await;
        let wrong_password = player.next_text();
        player.try_login("nobody", "correct horse").await;
        let unknown_name = player.next_text();
        assert_eq!(wrong_password, unknown_name);
        assert!(
            wrong_password.contains("Username or password incorrect"),
            "{wrong_password}"
        );
    }

    #[tokio::test]
    async fn a_login_tells_of_the_login_before_and_a_resume_is_none() {
        let mut ada = TestSession::new().another_at(HOME);
        ada.register("ada").await;
        ada.try_login_on("Desk", "ada", "correct horse").await;
        let ServerPacket::LoggedIn {
            last_login,
            resume_token,
            ..
        } = ada.next()
        else {
            panic!("not logged in")
        };
        assert_eq!(last_login, None);
        let first_ms = ada.server().clock.now_ms().unsigned_abs();
        ada.step_clock(Duration::from_secs(60));
        let mut back = ada.another_at([198, 51, 100, 7]);
        back.try_resume(resume_token.expose()).await;
        assert_eq!(back.expect_safety().last_login, None);
        let mut phone = ada.another_at([203, 0, 113, 99]);
        phone.try_login_on("Phone", "ada", "correct horse").await;
        let before = phone.expect_safety().last_login.unwrap();
        assert_eq!(
            (before.device.as_str(), before.network.as_str()),
            ("Desk", "192.0.2.0/24")
        );
        assert!(before.at_ms.abs_diff(first_ms) < 30_000);
        // What is tried in vain is no login.
        let mut thief = ada.another();
        thief.try_login("ada", "battery staple").await;
        thief.expect_deny(Some(2), DenyCode::BadCredentials);
        let mut tablet = ada.another_at(HOME);
        tablet.try_login("ada", "correct horse").await;
        let before = tablet.expect_safety().last_login.unwrap();
        assert_eq!(
            (before.device.as_str(), before.network.as_str()),
            ("Phone", "203.0.113.0/24")
        );
    }

    #[tokio::test]
    async fn logging_in_twice_on_one_connection_is_refused() {
        let mut player = TestSession::player("ada").await;
        player.try_login("ada", "correct horse").await;
        player.expect_deny(Some(2), DenyCode::AlreadyLoggedIn);
    }

    #[tokio::test]
    async fn an_account_may_be_there_on_several_devices() {
        let mut first = TestSession::player("ada").await;
        let mut second = first.another_device("ada").await;
        second.chat("lobby", "two of me").await;
        assert_eq!(first.expect_line().text, "two of me");
    }

    #[tokio::test]
    async fn of_too_many_devices_the_one_seen_least_lately_is_logged_out() {
        let mut first = TestSession::with(|config| config.capacity.sessions_per_account = 1);
        let token = first.register_and_login("ada").await;
        let second = first.another_device("ada").await;
        first.expect_closed(CloseReason::SessionEnded);
        // What the first had sent before it heard of it is not said any more.
        first.say("lobby", "two of me").await;
        second.expect_nothing();
        let mut back = first.another();
        back.try_resume(&token).await;
        back.expect_deny(Some(3), DenyCode::SessionExpired);
    }

    #[tokio::test]
    async fn who_is_connected_is_not_the_one_seen_least_lately() {
        let [mut desk] =
            TestSession::players_with(|config| config.capacity.sessions_per_account = 2, ["ada"])
                .await;
        desk.step_clock(Duration::from_millis(2));
        let mut phone = desk.another();
        phone.try_login("ada", "correct horse").await;
        let (_, token) = phone.expect_logged_in(2);
        phone.cut();
        desk.step_clock(Duration::from_millis(2));
        let _tablet = desk.another_device("ada").await;
        desk.chat("lobby", "still here").await;
        let mut back = desk.another();
        back.try_resume(&token).await;
        back.expect_deny(Some(3), DenyCode::SessionExpired);
    }

    #[tokio::test]
    async fn a_login_tells_where_the_channels_stand_and_what_comes_later_comes_live() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        bob.done(logout()).await;
        ada.create("den", Access::Open).await;
        ada.chat("den", "one").await;
        ada.chat("lobby", "two").await;
        bob.try_login("bob", "correct horse").await;
        let ServerPacket::LoggedIn { channels, .. } = bob.next() else {
            panic!("not logged in")
        };
        let [lobby] = &channels[..] else {
            panic!("more than the lobby: {channels:?}")
        };
        assert_eq!(
            (lobby.channel.as_str(), lobby.last_seq, lobby.unread),
            ("lobby", 1, 1)
        );
        assert_eq!((lobby.members, lobby.online), (2, 2));
        assert_eq!(bob.join("den").await.last_seq, 1);
        ada.chat("den", "three").await;
        assert_eq!(bob.expect_line().seq, 2);
    }

    #[tokio::test]
    async fn a_password_that_is_changed_while_it_is_checked_lets_nobody_in() {
        let mut thief = TestSession::with(|config| {
            // Long enough to change the password meanwhile.
            config.hashing.cost.passes = 20_000;
        });
        thief.register("ada").await;
        let store = thief.store();
        let ada = store.user_by_name("ada").await.unwrap().unwrap();
        {
            let mut login = pin!(thief.try_login("ada", "correct horse"));
            assert!(login.as_mut().now_or_never().is_none());
            let changed = store.change_password(
                ada.id,
                ada.password_hash,
                "another".to_owned(),
                SessionId(0),
            );
            assert_eq!(changed.await.unwrap(), Some(vec![]));
            login.await;
        }
        thief.expect_deny(Some(2), DenyCode::Busy);
        assert_eq!(store.sessions(ada.id, 0).await.unwrap(), []);
    }

    #[tokio::test]
    async fn guessing_passwords_has_to_wait() {
        let mut guesser = TestSession::with(|config| config.rates.logins_per_minute_per_name = 2);
        guesser.register("ada").await;
        for _ in 0..2 {
            guesser.try_login("ada", "battery staple").await;
            guesser.expect_deny(Some(2), DenyCode::BadCredentials);
        }
        guesser.try_login("ADA", "correct horse").await;
        assert!(
            guesser
                .expect_deny(Some(2), DenyCode::RateLimited)
                .is_some()
        );
    }

    const HOME: [u8; 4] = [192, 0, 2, 1];

    /// Ada, at home, and her token; and somebody who may guess twice a minute at a
    /// place, four times at all that are strange to her.
    async fn ada_at_home() -> (TestSession, String) {
        let server = TestSession::with(|config| config.rates.logins_per_minute_per_name = 2);
        let mut home = server.another_at(HOME);
        let token = home.register_and_login("Ada").await;
        (home, token)
    }

    async fn guess(from: &TestSession, address: [u8; 4]) -> DenyCode {
        let mut guesser = from.another_at(address);
        guesser.try_login("ada", "battery staple").await;
        match guesser.next() {
            ServerPacket::Deny { code, .. } => code,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    async fn check_login_at(from: &TestSession, address: [u8; 4]) -> Result<(), DenyCode> {
        let mut player = from.another_at(address);
        player.try_login("Ada", "correct horse").await;
        match player.next() {
            ServerPacket::LoggedIn { .. } => Ok(()),
            ServerPacket::Deny { code, .. } => Err(code),
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn what_strangers_guess_keeps_nobody_out_of_where_they_were_before() {
        let (home, token) = ada_at_home().await;
        let mut cafe = home.another_at([198, 51, 100, 7]);
        cafe.try_resume(&token).await;
        cafe.expect_logged_in(3);
        let mut guessed = 0;
        for host in 10..30 {
            guessed +=
                u32::from(guess(&home, [203, 0, 113, host]).await == DenyCode::BadCredentials);
        }
        // Four, with her own first login.
        assert_eq!(guessed, 3);
        // Somewhere new, she would be a stranger herself.
        let new = check_login_at(&home, [203, 0, 113, 99]).await;
        assert_eq!(new, Err(DenyCode::RateLimited));
        assert_eq!(check_login_at(&home, HOME).await, Ok(()));
        assert_eq!(check_login_at(&home, [198, 51, 100, 7]).await, Ok(()));
        // Another's name is another matter.
        let mut other = home.another_at([203, 0, 113, 99]);
        other.register_and_login("bob").await;
    }

    #[tokio::test]
    async fn one_place_cannot_use_up_the_tries_of_all_others() {
        let (home, _) = ada_at_home().await;
        let mut codes = Vec::new();
        for _ in 0..20 {
            codes.push(guess(&home, [203, 0, 113, 10]).await);
        }
        let guessed = codes
            .iter()
            .filter(|code| **code == DenyCode::BadCredentials);
        assert_eq!(guessed.count(), 2);
        assert_eq!(check_login_at(&home, [203, 0, 113, 99]).await, Ok(()));
    }

    #[tokio::test]
    async fn who_shares_an_address_cannot_guess_faster_for_it() {
        let (home, _) = ada_at_home().await;
        // The login at home counts.
        assert_eq!(guess(&home, HOME).await, DenyCode::BadCredentials);
        assert_eq!(guess(&home, HOME).await, DenyCode::RateLimited);
    }

    #[tokio::test]
    async fn a_name_without_an_account_is_limited_like_one_that_has_one() {
        let (home, _) = ada_at_home().await;
        home.another_at(HOME).register("bob").await;
        let mut answers = Vec::new();
        for name in ["bob", "nobody"] {
            let mut codes = Vec::new();
            for host in 10..20 {
                let mut guesser = home.another_at([203, 0, 113, host]);
                guesser.try_login(name, "battery staple").await;
                codes.push(matches!(
                    guesser.next(),
                    ServerPacket::Deny {
                        code: DenyCode::RateLimited,
                        ..
                    }
                ));
            }
            answers.push(codes);
        }
        assert_eq!(answers[0], answers[1]);
    }
}
