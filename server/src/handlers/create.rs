//! A player creates a channel.

use longhall_packet::{Access, ChannelName, ChannelPassword, DenyCode, RequestId, Topic};
use tracing::info;

use super::listen::{channels_per_account, hash_for, listen};
use super::outcome::Outcome;
use crate::session::Session;
use crate::store::{Created, NewChannel};

/// Answers `create` with `joined`: who creates a channel owns it.
pub(crate) async fn create(
    session: &Session,
    id: RequestId,
    name: ChannelName,
    topic: &Topic,
    access: Access,
    password: Option<ChannelPassword>,
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    server.limits.check_creation(me)?;
    // In a list of channels nobody is to take it for where everybody is.
    if server.reserved.is_like_lobby(&name) {
        return Err(DenyCode::ChannelTaken.into());
    }
    // Asked first, so that a taken name costs no hash. The insert below decides.
    if server.store.channel_by_name(&name).await?.is_some() {
        return Err(DenyCode::ChannelTaken.into());
    }
    let password_hash = hash_for(session, access, password).await?;

    let _change = server.change_channel(&name).await;
    let created = server
        .store
        .insert_channel(NewChannel {
            name,
            topic: topic.as_str().to_owned(),
            access,
            password_hash,
            owner: me,
            channels_per_account: channels_per_account(server),
            now_ms: server.clock.now_ms(),
        })
        .await?;
    let channel = match created {
        Created::Channel(channel) => channel,
        Created::Taken => return Err(DenyCode::ChannelTaken.into()),
        Created::TooManyChannels => return Err(DenyCode::TooManyChannels.into()),
    };
    info!(connection = session.connection, user = me.0, channel = %channel.name, "created");
    listen(session, id, channel.id).await
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, Role};

    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn who_creates_a_channel_owns_it() {
        let mut ada = TestSession::player("ada").await;
        let fields = r#""channel":"Trade-EU","topic":"cheap swords","access":"open""#;
        ada.ask("create", fields).await;
        let channel = ada.expect_joined(Some(5));
        assert_eq!(
            (channel.channel.as_str(), channel.role),
            ("trade-eu", Role::Owner)
        );
        assert_eq!(
            (channel.topic.as_str(), channel.access),
            ("cheap swords", Access::Open)
        );
        assert_eq!(
            (channel.members, channel.online, channel.last_seq),
            (1, 1, 0)
        );
    }

    #[tokio::test]
    async fn names_are_taken_once_and_the_lobby_always() {
        let mut ada = TestSession::player("ada").await;
        ada.create("den", "open").await;
        for name in ["DEN", "lobby", "l0bby", "lоbby", "IobbY"] {
            let fields = format!(r#""channel":"{name}","access":"open""#);
            ada.refused("create", &fields, DenyCode::ChannelTaken).await;
        }
    }

    #[tokio::test]
    async fn a_channel_by_password_needs_one() {
        let mut ada = TestSession::player("ada").await;
        let fields = r#""channel":"den","access":"password""#;
        ada.refused("create", fields, DenyCode::TooShort).await;
    }

    #[tokio::test]
    async fn an_account_is_in_so_many_channels_and_no_more() {
        let [mut ada] =
            TestSession::players_with(|config| config.capacity.channels_per_account = 2, ["ada"])
                .await;
        ada.create("one", "open").await;
        ada.create("two", "open").await;
        let three = r#""channel":"three","access":"open""#;
        ada.refused("create", three, DenyCode::TooManyChannels)
            .await;
        ada.done("leave", r#""channel":"one""#).await;
        ada.create("three", "open").await;
    }

    #[tokio::test]
    async fn who_creates_channel_after_channel_has_to_wait() {
        let [mut ada] =
            TestSession::players_with(|config| config.rates.creations_per_hour = 1, ["ada"]).await;
        ada.create("one", "open").await;
        let two = r#""channel":"two","access":"open""#;
        ada.refused("create", two, DenyCode::RateLimited).await;
    }
}
