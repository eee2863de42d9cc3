//! Recovery codes, the second factor, and the login before.

use longhall_client::{Answer, CallErrorCode, Event};
use longhall_packet::{
    ClientPacket, DenyCode, FactorKey, LastLogin, RecoveryCode, RequestId, ServerPacket,
};

use crate::support::{PASSWORD, Rig, logged_in};

const CODE: &str = "ABCD-EFGH-JKMN-PQRS-TVWX";

fn codes() -> Vec<RecoveryCode> {
    vec![RecoveryCode::parse(CODE).expect("a code")]
}

fn logged_in_safely(id: RequestId, number: u8) -> ServerPacket {
    let mut packet = logged_in(id, "ada", number);
    if let ServerPacket::LoggedIn {
        second_factor,
        recovery_codes_left,
        last_login,
        ..
    } = &mut packet
    {
        (*second_factor, *recovery_codes_left) = (true, 7);
        *last_login = (number == 1).then(|| {
            Box::new(LastLogin {
                at_ms: 5,
                device: "Deck".to_owned(),
                network: "203.0.113.0/24".to_owned(),
            })
        });
    }
    packet
}

#[test]
fn a_registration_that_asks_for_codes_tells_them_first() {
    let mut rig = Rig::with(|config| config.ask_for_recovery_codes = true).connect();
    let call = rig.session.register(rig.now, "ada", PASSWORD);
    let sent = rig.sent();
    let [ClientPacket::Register { id, recovery, .. }] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert!(recovery);
    rig.receive(&ServerPacket::Registered {
        id: *id,
        recovery_codes: codes(),
    });
    let username = "ada".to_owned();
    assert_eq!(
        rig.events(),
        [
            Event::RecoveryCodes { codes: codes() },
            Event::Registered { username }
        ]
    );
    assert_eq!(rig.session.poll_outcome(), Some((call, Ok(Answer::Done))));
}

#[test]
fn an_older_server_registers_without_codes() {
    let mut rig = Rig::with(|config| config.ask_for_recovery_codes = true).connect();
    rig.session.register(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("register");
    rig.ok(id);
    rig.expect(["registered ada"]);
}

#[test]
fn a_login_with_a_code_sends_it_and_is_told_when_one_is_needed() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    rig.deny(id, DenyCode::CodeNeeded);
    rig.expect(["login denied: code_needed"]);
    let session = &mut rig.session;
    session.login_with_code(rig.now, "ada", PASSWORD, " 287 082 ");
    let sent = rig.sent();
    let [ClientPacket::Login { id, code, .. }] = &sent[..] else {
        panic!("{sent:?}")
    };
    let digits = code.as_ref().and_then(longhall_packet::FactorCode::digits);
    assert_eq!(digits.unwrap().as_str(), "287082");
    rig.receive(&logged_in_safely(*id, 1));
    rig.events();
    let safety = rig.session.safety();
    assert!(safety.second_factor && safety.recovery_codes_left == 7);
    assert_eq!(safety.last_login.as_ref().unwrap().device, "Deck");
}

#[test]
fn the_login_before_is_known_through_a_cut_and_forgotten_with_the_account() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    rig.receive(&logged_in_safely(id, 1));
    let resume = rig.cut_and_come_back();
    rig.receive(&logged_in_safely(resume, 2));
    assert!(rig.session.safety().last_login.is_some());
    rig.session.logout(rig.now);
    let id = rig.expect_sent("logout");
    rig.ok(id);
    assert_eq!(*rig.session.safety(), longhall_client::Safety::default());
}

#[test]
fn a_lost_password_is_replaced_by_a_code_while_logged_out() {
    let mut rig = Rig::connected();
    let (session, now) = (&mut rig.session, rig.now);
    let call = session.recover(now, "Ada", "abcd efgh jkmn pqrs tvwx", "battery staple");
    let twice = session.recover(now, "Ada", CODE, "battery staple");
    let sent = rig.sent();
    let [ClientPacket::Recover { id, code, .. }] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(code.expose(), CODE);
    let outcome = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome.0, twice);
    assert_eq!(outcome.1.unwrap_err().code, CallErrorCode::AlreadyPending);
    rig.ok(*id);
    assert_eq!(rig.session.poll_outcome(), Some((call, Ok(Answer::Done))));
    rig.expect_idle();
}

#[test]
fn what_cannot_be_right_is_refused_without_asking_the_server() {
    for (name, code, password, expected) in [
        ("ada", "ABCD", "battery staple", "bad_credentials"),
        ("ada", CODE, "short", "too_short"),
        ("a", CODE, "battery staple", "too_short"),
    ] {
        let mut rig = Rig::connected();
        rig.session.recover(rig.now, name, code, password);
        let error = rig.session.poll_outcome().unwrap().1.unwrap_err();
        assert_eq!(error.code.name(), expected);
        rig.expect_idle();
    }
    let mut rig = Rig::logged_in();
    rig.session.recover(rig.now, "ada", CODE, "battery staple");
    rig.session.confirm_second_factor(rig.now, " ");
    for expected in ["already_logged_in", "wrong_code"] {
        let error = rig.session.poll_outcome().unwrap().1.unwrap_err();
        assert_eq!(error.code.name(), expected);
    }
    rig.expect_idle();
}

#[test]
fn a_cut_ends_the_try_to_replace_a_password() {
    let mut rig = Rig::connected();
    rig.session.recover(rig.now, "ada", CODE, "battery staple");
    rig.expect_sent("recover");
    rig.cut();
    let error = rig.session.poll_outcome().unwrap().1.unwrap_err();
    assert_eq!(error.code, CallErrorCode::ConnectionLost);
}

#[test]
fn what_is_changed_is_known_at_once() {
    let mut rig = Rig::logged_in();
    rig.session.renew_recovery_codes(rig.now, PASSWORD, "");
    let id = rig.expect_sent("renew_recovery_codes");
    // An answer to something else is none.
    rig.ok(id);
    rig.receive(&ServerPacket::RecoveryCodes { id, codes: codes() });
    let event = Event::RecoveryCodes { codes: codes() };
    assert_eq!(rig.events(), [event]);
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome, Ok(Answer::RecoveryCodes(codes())));
    assert_eq!(rig.session.safety().recovery_codes_left, 1);

    rig.session.begin_second_factor(rig.now, PASSWORD);
    let id = rig.expect_sent("begin_second_factor");
    let (secret, uri) = (FactorKey::new("ABC"), FactorKey::new("otpauth://"));
    rig.receive(&ServerPacket::SecondFactor {
        id,
        secret: secret.clone(),
        uri: uri.clone(),
    });
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome, Ok(Answer::SecondFactor { secret, uri }));
    assert!(!rig.session.safety().second_factor);

    rig.session.confirm_second_factor(rig.now, "287082");
    let id = rig.expect_sent("confirm_second_factor");
    rig.ok(id);
    assert!(rig.session.safety().second_factor);
    rig.session.end_second_factor(rig.now, PASSWORD, "287082");
    let id = rig.expect_sent("end_second_factor");
    rig.deny(id, DenyCode::WrongCode);
    assert!(rig.session.safety().second_factor);
    rig.session.end_second_factor(rig.now, PASSWORD, "287082");
    let id = rig.expect_sent("end_second_factor");
    rig.ok(id);
    assert!(!rig.session.safety().second_factor);
}
