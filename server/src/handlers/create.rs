//! A player creates a channel.

use longhall_packet::{Access, ChannelName, ChannelPassword, DenyCode, Field, RequestId, Topic};
use tracing::info;

use super::listen::{channels_per_account, hash_for, listen};
use super::outcome::Outcome;
use crate::session::Session;
use crate::store::{Created, NewChannel};

/// Answers `create` with `joined`: a player owns the channel they create.
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
    let is_like_lobby = server.reserved.load().is_like_lobby(&name);
    if is_like_lobby || server.words.now().is_in_name(name.as_str()) {
        return Err(DenyCode::ChannelTaken.into());
    }
    // Asked first, so that a taken name costs no hash. The insert below decides.
    if server.store.channel_by_name(&name).await?.is_some() {
        return Err(DenyCode::ChannelTaken.into());
    }
    let password_hash = hash_for(session, access, password).await?;

    let _change = server.change_channel(&name).await?;
    let created = server
        .store
        .insert_channel(NewChannel {
            name,
            topic: server.fit_to_read(topic.as_str(), None, Field::Topic)?.text,
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

    use crate::handlers::test_requests::{create, leave};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn who_creates_a_channel_owns_it() {
        let mut ada = TestSession::player("ada").await;
        // As a player types it: the name gets its one form at the server.
        ada.send(r#"{"type":"create","id":5,"channel":"Trade-EU","topic":"cheap swords","access":"open"}"#)
            .await;
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
        ada.create("den", Access::Open).await;
        for name in ["DEN", "lobby", "l0bby", "lоbby", "IobbY"] {
            ada.refused(create(name, Access::Open, None), DenyCode::ChannelTaken)
                .await;
        }
    }

    #[tokio::test]
    async fn a_channel_by_password_needs_one() {
        let mut ada = TestSession::player("ada").await;
        let no_key = create("den", Access::Password, None);
        ada.refused(no_key, DenyCode::TooShort).await;
    }

    #[tokio::test]
    async fn an_account_is_in_so_many_channels_and_no_more() {
        let [mut ada] =
            TestSession::players_with(|config| config.capacity.channels_per_account = 2, ["ada"])
                .await;
        ada.create("one", Access::Open).await;
        ada.create("two", Access::Open).await;
        let three = create("three", Access::Open, None);
        ada.refused(&three, DenyCode::TooManyChannels).await;
        ada.done(leave("one")).await;
        ada.create("three", Access::Open).await;
    }

    #[tokio::test]
    async fn who_creates_channel_after_channel_has_to_wait() {
        let [mut ada] =
            TestSession::players_with(|config| config.rates.creations_per_hour = 1, ["ada"]).await;
        ada.create("one", Access::Open).await;
        let two = create("two", Access::Open, None);
        ada.refused(&two, DenyCode::RateLimited).await;
    }
}
