//! A visitor creates an account.

use longhall_packet::{Denial, DenyCode, Password, RequestId, ServerPacket, Username};
use tracing::info;

use super::outcome::Outcome;
use crate::rate_limit::{self, Tried};
use crate::recovery_codes;
use crate::session::Session;
use crate::store::NewUser;

/// Answers `register`, with recovery codes if they are asked for. The visitor stays logged
/// out.
pub(crate) async fn register(
    session: &Session,
    id: RequestId,
    username: &Username,
    password: Password,
    recovery: bool,
) -> Outcome {
    let server = &session.server;
    if let Some(wait) = server.sanctions.closed_for(|| server.clock.now_ms()) {
        return Err(Denial::for_now(DenyCode::RateLimited, wait).into());
    }
    let place = rate_limit::place(session.address);
    if let Some(wait) = server.sanctions.barred_for(place, server.clock.now_ms()) {
        return Err(Denial::for_now(DenyCode::Banned, wait).into());
    }
    server
        .count_try(Tried::Registration(session.address))
        .await?;

    let keys = username.keys();
    let is_reserved = server.reserved.load().contain(&keys);
    if is_reserved || server.words.now().is_in_name(username.as_str()) {
        return Err(DenyCode::UsernameTaken.into());
    }
    // Asked first, so that a taken name costs no hash. The insert below decides.
    if server.store.is_name_taken(&keys).await? {
        return Err(DenyCode::UsernameTaken.into());
    }

    let codes = match recovery {
        true => recovery_codes::new_codes()?,
        false => Vec::new(),
    };
    let password_hash = server.passwords.hash(password).await?;
    let user = NewUser {
        username: username.to_string(),
        keys,
        password_hash,
        recovery_codes: codes.iter().map(recovery_codes::hash).collect(),
    };
    let inserted = server.store.insert_user(user).await?;
    let user = inserted.ok_or(DenyCode::UsernameTaken)?;

    info!(connection = session.connection, user = user.0, %username, "registered");
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
    use longhall_packet::DenyCode;

    use crate::handlers::test_requests::chat;
    use crate::handlers::test_session::TestSession;

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

    #[tokio::test]
    async fn a_store_that_fails_is_unavailable_not_a_lost_answer() {
        let mut visitor = TestSession::new();
        visitor.close_store().await;
        visitor.try_register("ada").await;
        visitor.expect_deny(Some(1), DenyCode::Unavailable);
    }
}
