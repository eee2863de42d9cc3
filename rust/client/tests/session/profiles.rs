//! What players show of themselves for a game's sake.

use longhall_client::{Answer, CallErrorCode};
use longhall_packet::{
    ChangedProfile, ClientPacket, DenyCode, PlayerInfo, PresenceState, Profile, ProfileVersion,
    ServerPacket, ServerRole,
};

use crate::support::{Rig, logged_in};

fn profile(json: &str) -> Profile {
    Profile::from_json(json).expect("a profile")
}

fn changed(name: &str, json: &str, version: ProfileVersion) -> ServerPacket {
    ServerPacket::Profiles {
        changes: vec![ChangedProfile {
            username: name.to_owned(),
            profile: profile(json),
            profile_version: version,
        }],
    }
}

#[test]
fn a_profile_is_set_and_told_once_whichever_way_it_comes_first() {
    let mut rig = Rig::logged_in();
    let call = rig.session.set_profile(rig.now, r#"{"hat":1}"#, Some(0));
    let sent = rig.sent();
    let [ClientPacket::SetProfile { id, if_version, .. }] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(*if_version, Some(0));
    rig.receive(&ServerPacket::ProfileSet {
        id: *id,
        profile: profile(r#"{"hat":1,"level":7}"#),
        profile_version: 1,
    });
    rig.expect([r#"profile 1 of ada: {"hat":1,"level":7}"#]);
    let outcome = rig.session.poll_outcome();
    assert_eq!(outcome, Some((call, Ok(Answer::ProfileSet { version: 1 }))));
    rig.receive(&changed("ada", r#"{"hat":1,"level":7}"#, 1));
    rig.expect([]);
    // The game's server, or another device.
    rig.receive(&changed("ada", r#"{"level":8}"#, 3));
    rig.receive(&changed("ada", r#"{"level":7}"#, 2));
    rig.expect([r#"profile 3 of ada: {"level":8}"#]);
    let known = rig.session.profile().unwrap();
    assert_eq!(known, (&profile(r#"{"level":8}"#), 3));
    rig.receive(&changed("bob", "{}", 9));
    rig.expect(["profile 9 of bob: {}"]);
}

#[test]
fn a_login_tells_ones_own_profile() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", crate::support::PASSWORD);
    let id = rig.expect_sent("login");
    let mut packet = logged_in(id, "ada", 1);
    if let ServerPacket::LoggedIn {
        profile: own,
        profile_version,
        ..
    } = &mut packet
    {
        (*own, *profile_version) = (profile(r#"{"level":7}"#), 4);
    }
    rig.receive(&packet);
    let known = rig.session.profile().unwrap();
    assert_eq!(known, (&profile(r#"{"level":7}"#), 4));
}

#[test]
fn what_is_no_profile_is_refused_without_asking() {
    let mut rig = Rig::logged_in();
    for (json, code) in [
        ("[]", DenyCode::InvalidProfile),
        (r#"{"A":1}"#, DenyCode::InvalidProfile),
        (r#"{"a":"x\ny"}"#, DenyCode::ForbiddenCharacter),
    ] {
        rig.session.set_profile(rig.now, json, None);
        let Some((_, Err(error))) = rig.session.poll_outcome() else {
            panic!("not refused: {json}")
        };
        assert_eq!(error.code, CallErrorCode::Server(code), "{json}");
    }
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_player_is_asked_for_by_name() {
    let mut rig = Rig::logged_in();
    let call = rig.session.player_info(rig.now, "@bob");
    let id = rig.expect_sent("player_info");
    let bob = PlayerInfo {
        username: "bob".to_owned(),
        state: PresenceState::Online,
        text: String::new(),
        server_role: ServerRole::Player,
        guest: false,
        profile: profile(r#"{"level":7}"#),
        profile_version: 2,
    };
    let player = bob.clone();
    rig.receive(&ServerPacket::PlayerInfo { id, player });
    let answer = Answer::PlayerInfo(Box::new(bob));
    assert_eq!(rig.session.poll_outcome(), Some((call, Ok(answer))));
}
