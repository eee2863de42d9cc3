//! What an account takes: invites, work, and guests.

use longhall_client::{ProofWork, State};
use longhall_packet::{
    ClientPacket, CloseReason, DenyCode, Registration, RegistrationMode, ServerPacket, is_proof,
};

use crate::support::{PASSWORD, Rig, hello, logged_in};

const CHALLENGE: &str = "00112233445566778899aabbccddeeff";

/// Connected to a server that wants so many bits of work.
fn costly(bits: u32) -> Rig {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    let mut greeting = hello(longhall_packet::PROTOCOL_VERSION);
    if let ServerPacket::Hello {
        registration,
        guests,
        ..
    } = &mut greeting
    {
        *registration = Some(Registration {
            mode: RegistrationMode::Invite,
            proof_bits: bits,
        });
        *guests = true;
    }
    rig.receive(&greeting);
    rig.expect_hello();
    rig.expect([
        "state Connecting",
        "state Connected",
        "registration invite, guests true",
        "connected",
    ]);
    rig
}

fn challenge(rig: &mut Rig, bits: u32) {
    let id = rig.expect_sent("challenge");
    rig.receive(&ServerPacket::Challenge {
        id,
        challenge: CHALLENGE.to_owned(),
        bits,
        expires_in_ms: 1000,
    });
}

/// Does all the work there is, as a driver would.
fn work(rig: &mut Rig) {
    let mut slices = 0;
    while let Some(mut work) = rig.session.take_work() {
        work.run(20);
        rig.session.give_back_work(rig.now, work);
        slices += 1;
    }
    assert!(slices > 1, "done in one go");
}

#[test]
fn what_a_server_takes_is_told_before_it_is_connected_and_known() {
    let rig = costly(9);
    let registration = rig.session.registration();
    assert_eq!(registration.mode, RegistrationMode::Invite);
    assert!(rig.session.takes_guests());
}

#[test]
fn an_account_is_asked_for_once_the_work_is_done() {
    let mut rig = costly(9);
    rig.session
        .register_with_invite(rig.now, "ada", PASSWORD, "ABC-def");
    challenge(&mut rig, 9);
    work(&mut rig);
    let sent = rig.sent();
    let [
        ClientPacket::Register {
            id, invite, proof, ..
        },
    ] = &sent[..]
    else {
        panic!("{sent:?}")
    };
    assert_eq!(invite.as_ref().unwrap().expose(), "abcdef");
    assert!(is_proof(CHALLENGE, 9, proof.unwrap()));
    rig.ok(*id);
    let told: Vec<String> = rig.events().iter().map(crate::support::tell).collect();
    assert_eq!(told.first().map(String::as_str), Some("working"));
    assert_eq!(told.last().map(String::as_str), Some("registered ada"));
}

#[test]
fn work_that_came_too_late_is_done_again_and_not_for_ever() {
    let mut rig = costly(9);
    rig.session.register(rig.now, "ada", PASSWORD);
    for _ in 0..3 {
        challenge(&mut rig, 9);
        work(&mut rig);
        let id = rig.expect_sent("register");
        rig.deny(id, DenyCode::ProofNeeded);
    }
    assert!(rig.sent().is_empty());
    let told: Vec<String> = rig.events().iter().map(crate::support::tell).collect();
    assert_eq!(
        told.last().map(String::as_str),
        Some("register denied: proof_needed")
    );
}

#[test]
fn a_server_that_wants_work_since_a_moment_ago_gets_it() {
    let mut rig = Rig::connected();
    rig.session.register(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("register");
    rig.deny(id, DenyCode::ProofNeeded);
    challenge(&mut rig, 9);
    work(&mut rig);
    let id = rig.expect_sent("register");
    rig.ok(id);
}

#[test]
fn a_cut_ends_the_work_and_what_is_given_back_late_is_nobodys() {
    let mut rig = costly(20);
    rig.session.login_as_guest(rig.now, "zoe");
    challenge(&mut rig, 20);
    let mut late: ProofWork = rig.session.take_work().unwrap();
    rig.events();
    rig.cut();
    let told: Vec<String> = rig.events().iter().map(crate::support::tell).collect();
    assert!(
        told.contains(&"login denied: connection_lost".to_owned()),
        "{told:?}"
    );
    while !late.run(1_000_000) {}
    rig.session.give_back_work(rig.now, late);
    assert!(rig.sent().is_empty());
}

#[test]
fn more_work_than_anybody_does_is_refused() {
    let mut rig = costly(22);
    rig.session.register(rig.now, "ada", PASSWORD);
    challenge(&mut rig, 23);
    let told: Vec<String> = rig.events().iter().map(crate::support::tell).collect();
    assert_eq!(
        told.last().map(String::as_str),
        Some("register denied: proof_needed")
    );
    assert!(rig.session.take_work().is_none());
}

#[test]
fn a_guest_keeps_the_name_and_is_back_at_once() {
    let mut rig = Rig::connected();
    rig.session.login_as_guest(rig.now, "zoe");
    let id = rig.expect_sent("guest");
    let mut welcome = logged_in(id, "zoe", 1);
    if let ServerPacket::LoggedIn { guest, .. } = &mut welcome {
        *guest = true;
    }
    rig.receive(&welcome);
    rig.expect(["state LoggedIn", "logged in zoe", "joined lobby"]);
    rig.sent();
    assert!(rig.session.is_guest());
    rig.session.upgrade_guest(rig.now, "", PASSWORD, "");
    let sent = rig.sent();
    let Some(ClientPacket::Upgrade {
        id, username: None, ..
    }) = sent.last()
    else {
        panic!("{sent:?}")
    };
    rig.ok(*id);
    rig.close(CloseReason::Restarting);
    rig.expect_open();
    assert_eq!(rig.session.state(), State::Reconnecting);
    rig.come_up();
    let id = rig.expect_resume(1);
    rig.receive(&logged_in(id, "zoe", 2));
    assert!(!rig.session.is_guest());
}
