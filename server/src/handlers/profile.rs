//! A player shows something of themselves for the game's sake, and looks at what others show.

use longhall_packet::{
    DenyCode, Field, Filter, PlayerInfo, Profile, ProfileVersion, RequestId, ServerPacket, Username,
};

use super::outcome::{HandlerError, Outcome};
use crate::profiles;
use crate::session::Session;
use crate::store::{KeptProfile, ProfileAuthor, UserId};

/// Answers `set_profile` with `profile_set`; the others are told in a while.
pub(crate) async fn set_profile(
    session: &Session,
    id: RequestId,
    profile: Profile,
    if_version: Option<ProfileVersion>,
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    server.limits.check_profile(me)?;
    let filter = server.settings().names.blocked_words_default;
    let takes_keys = matches!(filter, Filter::Flag | Filter::Off);
    let profile = profile.try_map_texts(&mut |text, is_key| {
        if !is_key {
            return Ok(server.fit_to_read(text, None, Field::Profile)?.text);
        }
        // A key cannot be masked: it would be another one.
        match !takes_keys && server.words.now().is_in_name(text) {
            true => Err(HandlerError::from(DenyCode::BlockedWords)),
            false => Ok(String::new()),
        }
    })?;
    let by = ProfileAuthor::Player {
        profile,
        if_version,
    };
    let kept = profiles::change(server, me, by).await?;
    session.reply(&ServerPacket::ProfileSet {
        id,
        profile: kept.profile,
        profile_version: kept.version,
    });
    Ok(())
}

/// Answers `player_info` with who a player is, there or not.
pub(crate) async fn player_info(session: &Session, id: RequestId, name: &Username) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let user = server.store.user_by_name(&name.name_key()).await?;
    let user = user.ok_or(DenyCode::UnknownUser)?;
    let shown = shown_to(session, me, vec![user.id]).await?;
    let (profile, profile_version) = shown
        .into_iter()
        .next()
        .map_or_else(Default::default, |kept| (kept.profile, kept.version));
    let (state, text) = server.hub.shown_to(me, user.id);
    let player = PlayerInfo {
        username: user.username,
        state,
        text,
        server_role: server.hub.server_role(user.id),
        guest: user.kind.is_limited(),
        profile,
        profile_version,
    };
    session.reply(&ServerPacket::PlayerInfo { id, player });
    Ok(())
}

/// The profiles of players, in their order, without those of whom `reader` has blocked.
pub(super) async fn shown_to(
    session: &Session,
    reader: UserId,
    users: Vec<UserId>,
) -> Result<Vec<KeptProfile>, HandlerError> {
    let server = &session.server;
    let mut all = server.store.profiles(users.clone()).await?;
    for (kept, user) in all.iter_mut().zip(users) {
        if server.hub.hides_from(reader, user) {
            *kept = KeptProfile::default();
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use longhall_packet::{
        Access, ChangedProfile, DenyCode, Filter, PlayerInfo, PresenceState, Profile, ServerPacket,
        ServerRole,
    };

    use crate::handlers::test_requests::{
        ID, block, members, mute, player_info, rename, set_profile, set_profile_at,
    };
    use crate::handlers::test_session::TestSession;
    use crate::profiles::set_game_keys;
    use crate::store::KeptProfile;

    fn profile(json: &str) -> Profile {
        Profile::from_json(json).unwrap()
    }

    #[track_caller]
    fn expect_set(player: &mut TestSession, json: &str, version: u32) {
        let set = ServerPacket::ProfileSet {
            id: ID,
            profile: profile(json),
            profile_version: version,
        };
        assert_eq!(player.next(), set);
    }

    fn changed(name: &str, json: &str, version: u32) -> ServerPacket {
        let change = ChangedProfile {
            username: name.to_owned(),
            profile: profile(json),
            profile_version: version,
        };
        ServerPacket::Profiles {
            changes: vec![change],
        }
    }

    async fn info(player: &mut TestSession, name: &str) -> PlayerInfo {
        player.ask(player_info(name)).await;
        match player.next() {
            ServerPacket::PlayerInfo { player, .. } => player,
            other => panic!("expected a player, got {other:?}"),
        }
    }

    fn quiet(players: &mut [&mut TestSession]) {
        players[0].tell_news();
        for player in players {
            player.forget_waiting();
        }
    }

    #[tokio::test]
    async fn a_profile_is_seen_in_rosters_and_by_name_and_told_once_to_everybody() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        quiet(&mut [&mut ada, &mut bob]);
        let teal = r#"{"colour":"teal","level":7}"#;
        bob.ask(set_profile(r#"{"colour":"red"}"#)).await;
        expect_set(&mut bob, r#"{"colour":"red"}"#, 1);
        bob.ask(set_profile(teal)).await;
        expect_set(&mut bob, teal, 2);
        ada.expect_nothing();
        ada.tell_news();
        for player in [&mut ada, &mut bob] {
            assert_eq!(player.next(), changed("bob", teal, 2));
        }
        ada.tell_news();
        ada.expect_nothing();
        for channel in ["den", "lobby"] {
            ada.ask(members(channel, None)).await;
            let ServerPacket::Members { members, .. } = ada.next() else {
                panic!("no roster")
            };
            assert!(members[0].profile.is_empty());
            assert_eq!(
                (&members[1].profile, members[1].profile_version),
                (&profile(teal), 2)
            );
        }
        let bobs = info(&mut ada, "BOB").await;
        assert_eq!(
            (bobs.state, bobs.profile_version),
            (PresenceState::Online, 2)
        );
        assert_eq!(bobs.profile, profile(teal));
        ada.refused(player_info("nobody"), DenyCode::UnknownUser)
            .await;
    }

    #[tokio::test]
    async fn a_login_tells_ones_own_profile_and_another_name_keeps_it() {
        let mut ada = TestSession::player("ada").await;
        ada.ask(set_profile(r#"{"hat":1}"#)).await;
        expect_set(&mut ada, r#"{"hat":1}"#, 1);
        ada.ask(rename("correct horse", "Grace")).await;
        ada.next();
        ada.expect_ok(ID);
        let mut tablet = ada.another();
        tablet.try_login("Grace", "correct horse").await;
        let ServerPacket::LoggedIn {
            profile: told,
            profile_version,
            ..
        } = tablet.next()
        else {
            panic!("not logged in")
        };
        assert_eq!((told, profile_version), (profile(r#"{"hat":1}"#), 1));
    }

    #[tokio::test]
    async fn the_game_alone_sets_its_keys_and_its_player_is_told() {
        let set = |config: &mut crate::config::Config| {
            config.accounts.profile_game_keys = vec!["level".to_owned()];
        };
        let [mut ada] = TestSession::players_with(set, ["ada"]).await;
        quiet(&mut [&mut ada]);
        let user = ada.store().user_by_name("ada").await.unwrap().unwrap().id;
        let game = |json| set_game_keys(ada.server(), user, profile(json));
        assert!(game(r#"{"hat":1}"#).await.is_err());
        let kept = game(r#"{"level":3}"#).await.unwrap();
        assert_eq!((kept.profile, kept.version), (profile(r#"{"level":3}"#), 1));
        ada.tell_news();
        assert_eq!(ada.next(), changed("ada", r#"{"level":3}"#, 1));
        ada.refused(set_profile(r#"{"level":4}"#), DenyCode::KeptByGame)
            .await;
        ada.ask(set_profile_at(r#"{"hat":1}"#, 1)).await;
        expect_set(&mut ada, r#"{"hat":1,"level":3}"#, 2);
        ada.refused(set_profile_at("{}", 1), DenyCode::VersionConflict)
            .await;
    }

    #[tokio::test]
    async fn nobody_sees_the_profile_of_whom_they_have_blocked() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.done(block("bob")).await;
        quiet(&mut [&mut ada, &mut bob]);
        bob.ask(set_profile(r#"{"hat":1}"#)).await;
        expect_set(&mut bob, r#"{"hat":1}"#, 1);
        ada.tell_news();
        ada.expect_nothing();
        assert_eq!(bob.next(), changed("bob", r#"{"hat":1}"#, 1));
        let bobs = info(&mut ada, "bob").await;
        assert_eq!(
            (bobs.state, bobs.profile_version),
            (PresenceState::Offline, 0)
        );
        assert!(bobs.profile.is_empty());
    }

    #[tokio::test]
    async fn who_sets_profile_after_profile_has_to_wait() {
        let mut ada = TestSession::player("ada").await;
        for number in 1..=10 {
            let json = format!("{{\"hat\":{number}}}");
            ada.ask(set_profile(&json)).await;
            expect_set(&mut ada, &json, number);
        }
        ada.refused(set_profile("{}"), DenyCode::RateLimited).await;
    }

    #[tokio::test]
    async fn a_muted_player_writes_nothing_into_a_profile_not_even_as_a_key() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        bob.appoint("bob", ServerRole::Moderator).await;
        bob.ask(mute("ada", None, Some(600), "")).await;
        ada.forget_waiting();
        for json in [
            r#"{"say":"you are all wrong"}"#,
            r#"{"you_are_all_wrong":1}"#,
        ] {
            ada.refused(set_profile(json), DenyCode::Muted).await;
        }
        ada.ask(set_profile("{}")).await;
        expect_set(&mut ada, "{}", 0);
    }

    #[tokio::test]
    async fn many_changes_at_once_are_told_bit_by_bit() {
        let mut ada = TestSession::with(|config| config.rates.registrations_per_hour = 100);
        ada.register_and_login("ada").await;
        let mut others = Vec::new();
        for number in 0..9 {
            let mut other = ada.another();
            other.register_and_login(&format!("zed-{number}")).await;
            let json = format!("{{\"hat\":\"{}\"}}", "x".repeat(1000));
            other.ask(set_profile(&json)).await;
            others.push(other);
        }
        ada.forget_waiting();
        let mut counts = Vec::new();
        for _ in 0..3 {
            ada.tell_news();
            while !ada.is_silent() {
                if let ServerPacket::Profiles { changes } = ada.next() {
                    counts.push(changes.len());
                }
            }
        }
        assert_eq!(counts, [5, 4]);
    }

    #[tokio::test]
    async fn a_blocked_word_is_masked_in_a_profile_and_refused_as_a_key() {
        for (filter, told) in [
            (Filter::Mask, Some("no ****")),
            (Filter::Refuse, None),
            (Filter::Flag, Some("no spam")),
            (Filter::Off, Some("no spam")),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("words");
            std::fs::write(&file, "spam\n").unwrap();
            let set = |config: &mut crate::Config| {
                config.names.blocked_words = Some(file);
                config.names.blocked_words_default = filter;
            };
            let [mut ada] = TestSession::players_with(set, ["ada"]).await;
            let says = set_profile(r#"{"say":"no spam"}"#);
            match told {
                Some(told) => {
                    ada.ask(says).await;
                    expect_set(&mut ada, &format!(r#"{{"say":"{told}"}}"#), 1);
                }
                None => ada.refused(says, DenyCode::BlockedWords).await,
            }
            let as_key = set_profile(r#"{"spam":1}"#);
            if matches!(filter, Filter::Flag | Filter::Off) {
                ada.ask(as_key).await;
                expect_set(&mut ada, r#"{"spam":1}"#, 2);
            } else {
                ada.refused(as_key, DenyCode::BlockedWords).await;
            }
        }
    }

    #[tokio::test]
    async fn of_a_player_who_is_not_there_nobody_is_told_anything() {
        let set = |config: &mut crate::Config| {
            config.accounts.profile_game_keys = vec!["level".to_owned()];
        };
        let [mut ada] = TestSession::players_with(set, ["ada"]).await;
        let mut bob = ada.another();
        bob.register("bob").await;
        let user = ada.store().user_by_name("bob").await.unwrap().unwrap().id;
        let given = set_game_keys(ada.server(), user, profile(r#"{"level":3}"#)).await;
        assert_eq!(given.unwrap().version, 1);
        // The login tells him.
        bob.try_login("bob", "correct horse").await;
        let ServerPacket::LoggedIn {
            profile_version, ..
        } = bob.next()
        else {
            panic!("not logged in")
        };
        assert_eq!(profile_version, 1);
        ada.tell_news();
        while !ada.is_silent() {
            let news = ada.next();
            assert!(!matches!(news, ServerPacket::Profiles { .. }), "{news:?}");
        }
    }

    #[tokio::test]
    async fn of_two_changes_that_overtake_each_other_the_later_one_is_told() {
        let [mut ada] = TestSession::players(["ada"]).await;
        quiet(&mut [&mut ada]);
        let user = ada.store().user_by_name("ada").await.unwrap().unwrap().id;
        for (json, version) in [(r#"{"hat":2}"#, 2), (r#"{"hat":1}"#, 1)] {
            let kept = KeptProfile {
                profile: profile(json),
                version,
            };
            ada.hub().note_profile(user, &kept);
        }
        ada.tell_news();
        assert_eq!(ada.next(), changed("ada", r#"{"hat":2}"#, 2));
    }

    #[tokio::test]
    async fn who_has_no_room_is_told_that_there_is_something_new() {
        let set = |config: &mut crate::Config| config.capacity.outbox_max_bytes = 20_000;
        let [mut ada, mut bob] = TestSession::players_with(set, ["ada", "bob"]).await;
        quiet(&mut [&mut ada, &mut bob]);
        let long = format!(r#"{{"hat":"{}"}}"#, "x".repeat(1900));
        bob.ask(set_profile(&long)).await;
        bob.next();
        // She reads nothing any more.
        let filler = ServerPacket::Ok { id: 99 };
        for _ in 0..300 {
            let lobby = ada.store().memberships(bob_id(&bob).await).await.unwrap()[0]
                .channel
                .id;
            ada.hub().announce(lobby, &filler);
            bob.forget_waiting();
        }
        ada.tell_news();
        assert!(!ada.is_closed());
        let mut told = None;
        while !ada.is_silent() {
            if let ServerPacket::Profiles { changes } = ada.next() {
                told = Some(changes.len());
            }
        }
        assert_eq!(told, Some(0));
        assert_eq!(bob.next(), changed("bob", &long, 1));
    }

    async fn bob_id(bob: &TestSession) -> crate::store::UserId {
        bob.store().user_by_name("bob").await.unwrap().unwrap().id
    }
}
