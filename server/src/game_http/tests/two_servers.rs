//! Two servers of one hall: what a game asks of one of them reaches the players of the other.

use longhall_packet::{CloseReason, LeaveReason, LineKind, Profile, ServerPacket};
use tokio::time::{Duration, sleep, timeout};

use super::{PATIENCE, Site};
use crate::bus::Link;
use crate::bus::loopback::Loopback;
use crate::handlers::test_requests::{create_temporary, end_channel, join_by_code, set_profile};
use crate::handlers::test_session::TestSession;
use crate::store::{MemoryStore, Scope};

/// Ada with one server, Bob with the other, and the addresses of both for the game.
struct Hall {
    ada: TestSession,
    bob: TestSession,
    adas: Site,
    bobs: Site,
    key: String,
}

impl Hall {
    /// Over a bus in memory.
    async fn of_loopback() -> Self {
        let (store, bus) = (
            std::sync::Arc::<MemoryStore>::default(),
            Loopback::default(),
        );
        let (one, other) = (bus.join(), bus.join());
        Self::of(store, [one, other]).await
    }

    async fn of(store: std::sync::Arc<MemoryStore>, [one, other]: [Link; 2]) -> Self {
        let set = |config: &mut crate::Config| {
            config.accounts.profile_game_keys = vec!["level".to_owned()];
        };
        let mut ada = TestSession::in_cluster(store.clone(), one, set).await;
        let mut bob = TestSession::in_cluster(store, other, set).await;
        ada.register_and_login("ada").await;
        bob.register_and_login("bob").await;
        let adas = Site::of(ada.server()).await;
        let bobs = Site::of(bob.server()).await;
        let key = adas.key("arena", Scope::ALL, None).await;
        let mut hall = Self {
            ada,
            bob,
            adas,
            bobs,
            key,
        };
        hall.until(|hall| hall.ada.hub().len() == 2 && hall.bob.hub().len() == 2)
            .await;
        hall.bob.forget_waiting();
        hall
    }

    /// Waits for what the servers bring about by themselves.
    async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("it comes about");
    }

    async fn profiles_are_told(&mut self) {
        self.ada.ask(set_profile(r#"{"hat":1}"#)).await;
        assert_eq!(
            self.bob_reads_profile("ada").await,
            (1, r#"{"hat":1}"#.to_owned())
        );
        let patch = "PATCH /v1/players/bob/profile";
        let told = self.adas.ask(&self.key, patch, r#"{"level":7}"#).await;
        assert_eq!(told.status, 200, "{}", told.body);
        assert_eq!(
            self.bob_reads_profile("bob").await,
            (1, r#"{"level":7}"#.to_owned())
        );
    }

    /// The next news that Bob gets of somebody's profile.
    async fn bob_reads_profile(&mut self, name: &str) -> (u32, String) {
        let reading = async {
            loop {
                self.bob.tell_news();
                while !self.bob.is_silent() {
                    let ServerPacket::Profiles { changes } = self.bob.next() else {
                        continue;
                    };
                    if let Some(change) = changes.iter().find(|change| change.username == name) {
                        return (change.profile_version, Profile::to_json(&change.profile));
                    }
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, reading).await.expect("he is told")
    }

    async fn lines_of_the_games_are_heard(&mut self) {
        let say = "POST /v1/channels/lobby/lines";
        let said = self.adas.ask(&self.key, say, r#"{"text":"round 3"}"#).await;
        assert_eq!(said.status, 201, "{}", said.body);
        let line = loop {
            if let ServerPacket::Chat { line, .. } = self.bob.await_next().await {
                break line;
            }
        };
        assert_eq!((line.kind, line.sender.as_str()), (LineKind::System, ""));
        assert_eq!(line.text, "round 3");
    }

    async fn channels_of_matches_are_joined_and_end(&mut self) {
        // Made at one server, and ended at either.
        for is_ended_there in [false, true] {
            let open = r#"{"members":["ada","bob"]}"#;
            let opened = self.adas.ask(&self.key, "POST /v1/channels", open).await;
            assert_eq!(opened.status, 201, "{}", opened.body);
            let name = opened.body["channel"].as_str().unwrap().to_owned();
            while !matches!(self.bob.await_next().await, ServerPacket::Joined { .. }) {}
            self.ada.forget_waiting();
            self.ada.chat(&name, "gl hf").await;
            while !matches!(self.bob.await_next().await, ServerPacket::Chat { .. }) {}
            let site = if is_ended_there {
                &self.bobs
            } else {
                &self.adas
            };
            let end = format!("DELETE /v1/channels/{name}");
            assert_eq!(site.ask(&self.key, &end, "").await.status, 200);
            self.bob_reads_that_it_is_over(&name).await;
        }
        // And by the player who made it.
        self.ada.ask(create_temporary(None, None, None)).await;
        let party = loop {
            let packet = self.ada.await_next().await;
            if let ServerPacket::Joined {
                id: Some(_),
                channel,
            } = packet
            {
                break channel;
            }
        };
        let code = party.temporary.unwrap().code;
        self.bob.ask(join_by_code(code.expose())).await;
        while !matches!(self.bob.await_next().await, ServerPacket::Joined { .. }) {}
        self.ada.ask(end_channel(&party.channel)).await;
        self.bob_reads_that_it_is_over(&party.channel).await;
    }

    async fn bob_reads_that_it_is_over(&mut self, name: &str) {
        let (channel, reason) = loop {
            if let ServerPacket::Left {
                channel, reason, ..
            } = self.bob.await_next().await
            {
                break (channel, reason);
            }
        };
        assert_eq!((channel.as_str(), reason), (name, LeaveReason::Ended));
    }

    async fn players_of_both_are_listed(&mut self) {
        for site in [&self.adas, &self.bobs] {
            let told = site.ask(&self.key, "GET /v1/players?online", "").await;
            let players = told.body["players"].as_array().unwrap();
            let names: Vec<_> = players.iter().map(|one| one["username"].as_str()).collect();
            assert_eq!(names, [Some("ada"), Some("bob")]);
        }
        let told = self.adas.ask(&self.key, "GET /v1/players/bob", "").await;
        assert_eq!(told.body["online"], true, "{}", told.body);
    }

    async fn a_player_of_the_other_is_logged_out(&mut self) {
        let kick = "POST /v1/players/bob/kick";
        let told = self.adas.ask(&self.key, kick, r#"{"reason":"left"}"#).await;
        assert_eq!(told.status, 200, "{}", told.body);
        self.until(|hall| hall.bob.is_closed()).await;
        assert_eq!(self.bob.closed(), Some(CloseReason::Kicked));
        assert!(self.bob.closing_text().contains("left"));
    }
}

#[tokio::test]
async fn a_profile_is_told_to_players_of_other_servers_whoever_has_set_it() {
    Hall::of_loopback().await.profiles_are_told().await;
}

#[tokio::test]
async fn a_line_of_the_games_is_heard_on_other_servers() {
    let mut hall = Hall::of_loopback().await;
    hall.lines_of_the_games_are_heard().await;
}

#[tokio::test]
async fn a_channel_of_a_match_is_joined_and_ends_on_all_servers() {
    let mut hall = Hall::of_loopback().await;
    hall.channels_of_matches_are_joined_and_end().await;
}

#[tokio::test]
async fn who_is_online_on_any_server_is_listed_by_each() {
    Hall::of_loopback().await.players_of_both_are_listed().await;
}

#[tokio::test]
async fn a_game_logs_players_of_other_servers_out() {
    let mut hall = Hall::of_loopback().await;
    hall.a_player_of_the_other_is_logged_out().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn over_nats_a_game_reaches_players_of_other_servers_all_the_same() {
    use crate::bus::{BusUrl, NatsBus};
    use crate::store::Store;
    let nats = longhall_engines::Nats::start().unwrap();
    let url = BusUrl::parse(&nats.url()).unwrap();
    let store = std::sync::Arc::<MemoryStore>::default();
    let one = NatsBus::connect(&url, store.epoch()).await.unwrap();
    let other = NatsBus::connect(&url, store.epoch()).await.unwrap();
    let mut hall = Hall::of(store, [one, other]).await;
    hall.profiles_are_told().await;
    hall.lines_of_the_games_are_heard().await;
    hall.channels_of_matches_are_joined_and_end().await;
    hall.players_of_both_are_listed().await;
    hall.a_player_of_the_other_is_logged_out().await;
}
