//! A visitor creates an account.

use longhall_packet::{DenyCode, Password, RequestId, ServerPacket, Username};
use tracing::info;

use super::outcome::Outcome;
use crate::recovery_codes;
use crate::registration::{self, Paid};
use crate::session::Session;
use crate::store::NewUser;
use crate::webhooks;

/// Answers `register`, with recovery codes if they are asked for. The visitor stays logged
/// out.
pub(crate) async fn register(
    session: &mut Session,
    id: RequestId,
    username: &Username,
    password: Password,
    recovery: bool,
    paid: Paid,
) -> Outcome {
    let terms = registration::terms(session, paid).await?;
    let server = &session.server;
    let keys = username.keys();
    // Asked first, so that a taken name costs no hash. The insert below decides.
    if server.is_refused(username, &keys) || server.store.is_name_taken(&keys).await? {
        return Err(DenyCode::UsernameTaken.into());
    }

    let codes = match recovery {
        true => recovery_codes::new_codes()?,
        false => Vec::new(),
    };
    let password_hash = server.passwords.hash(password).await?;
    let new = NewUser {
        username: username.to_string(),
        keys,
        password_hash,
        recovery_codes: codes.iter().map(recovery_codes::hash).collect(),
    };
    let user = registration::outcome(server.store.register(new, terms).await?)?;

    info!(connection = session.connection, user = user.0, %username, "registered");
    webhooks::registered(server, user, username.as_str(), false);
    session.reply(&match recovery {
        true => ServerPacket::Registered {
            id,
            recovery_codes: codes,
        },
        false => ServerPacket::Ok { id },
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{ClientPacket, DenyCode, InviteCode, RegistrationMode};

    use crate::handlers::test_requests::{chat, register};
    use crate::handlers::test_session::TestSession;
    use crate::registration;
    use crate::store::NewInvite;

    #[tokio::test]
    async fn registering_creates_an_account_and_leaves_the_player_logged_out() {
        let mut visitor = TestSession::new();
        visitor.register("ada").await;
        visitor
            .refused(chat("lobby", 1, "hi"), DenyCode::NotLoggedIn)
            .await;
    }

    #[tokio::test]
    async fn a_name_that_is_or_looks_the_same_is_taken() {
        let mut visitor = TestSession::new();
        visitor.register("Ian").await;
        for taken in ["Ian", "IAN", "ian", "lan", "1an", "lAN", "Iаn", "Ｉan"] {
            visitor.try_register(taken).await;
            visitor.expect_deny(Some(1), DenyCode::UsernameTaken);
        }
        visitor.register("Iana").await;
    }

    #[tokio::test]
    async fn a_dot_that_nobody_sees_makes_no_other_name() {
        let mut visitor = TestSession::new();
        visitor.register("Iris").await;
        for taken in [
            "lri\u{307}s",
            "İris",
            "Ir\u{131}\u{307}s",
            "\u{feff}iris\u{200b}",
        ] {
            visitor.try_register(taken).await;
            visitor.expect_deny(Some(1), DenyCode::UsernameTaken);
        }
    }

    #[tokio::test]
    async fn names_that_are_reserved_are_taken() {
        let mut visitor =
            TestSession::with(|config| config.names.reserved = vec!["Gandalf".to_owned()]);
        for reserved in ["admin", "Admi\u{307}n", "LOBBY", "gаndalf"] {
            visitor.try_register(reserved).await;
            visitor.expect_deny(Some(1), DenyCode::UsernameTaken);
        }
        visitor.register("frodo").await;
    }

    #[tokio::test]
    async fn too_many_registrations_from_one_address_have_to_wait() {
        let mut visitor = TestSession::with(|config| config.rates.registrations_per_hour = 1);
        visitor.register("ada").await;
        visitor.try_register("bob").await;
        let retry_after_ms = visitor.expect_deny(Some(1), DenyCode::RateLimited);
        assert!(retry_after_ms.is_some_and(|ms| ms > 0));
    }

    fn invited(name: &str, code: &str) -> ClientPacket {
        let mut packet = register(name);
        if let ClientPacket::Register { invite, .. } = &mut packet {
            *invite = InviteCode::parse(code);
        }
        packet
    }

    #[tokio::test]
    async fn without_a_good_invite_nobody_learns_even_which_names_are_taken() {
        let mut visitor = TestSession::with(|config| {
            config.gates.registration = RegistrationMode::Invite;
        });
        let code = InviteCode::parse("abcde-23456").unwrap();
        let invite = NewInvite {
            code: registration::hash(&code),
            uses: 1,
            until_ms: None,
            created_at_ms: 0,
            made_by: String::new(),
            note: String::new(),
        };
        visitor.store().insert_invite(invite).await.unwrap();
        visitor.done(invited("ada", "ABCDE 23456")).await;
        for code in ["", "wrong", "abcde-23456"] {
            visitor
                .refused(invited("ada", code), DenyCode::InviteNeeded)
                .await;
        }
    }

    #[tokio::test]
    async fn guesses_at_invites_count_as_registrations_do() {
        let mut visitor = TestSession::with(|config| {
            config.gates.registration = RegistrationMode::Invite;
            config.rates.registrations_per_hour = 2;
        });
        for code in ["one", "two"] {
            visitor
                .refused(invited("ada", code), DenyCode::InviteNeeded)
                .await;
        }
        visitor
            .refused(invited("ada", "three"), DenyCode::RateLimited)
            .await;
    }

    #[tokio::test]
    async fn an_account_waits_for_a_moderator_and_who_has_no_password_hears_nothing_of_it() {
        let mut visitor = TestSession::with(|config| {
            config.gates.registration = RegistrationMode::Approval;
            config.gates.max_waiting = 1;
        });
        visitor.register("ada").await;
        visitor.try_login("ada", "battery staple").await;
        visitor.expect_deny(Some(2), DenyCode::BadCredentials);
        visitor.try_login("ada", "correct horse").await;
        visitor.expect_deny(Some(2), DenyCode::ApprovalPending);
        visitor
            .refused(register("bob"), DenyCode::RegistrationClosed)
            .await;
        let ada = visitor.store().user_by_name("ada").await.unwrap().unwrap();
        assert!(visitor.store().approve(ada.id).await.unwrap());
        visitor.register("bob").await;
        visitor.try_login("ada", "correct horse").await;
        visitor.expect_logged_in(2);
    }

    #[tokio::test]
    async fn nobody_registers_where_that_is_closed() {
        let mut visitor = TestSession::with(|config| {
            config.gates.registration = RegistrationMode::Closed;
        });
        visitor
            .refused(register("ada"), DenyCode::RegistrationClosed)
            .await;
    }

    #[tokio::test]
    async fn a_store_that_fails_is_unavailable_not_a_lost_answer() {
        let mut visitor = TestSession::new();
        visitor.close_store().await;
        visitor.try_register("ada").await;
        visitor.expect_deny(Some(1), DenyCode::Unavailable);
    }
}
