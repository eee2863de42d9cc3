//! Tickets, by which games' own servers know who the player is.

use longhall_client::{Answer, CallErrorCode, Event};
use longhall_packet::{ClientPacket, DenyCode, Field, ServerPacket, Ticket};

use crate::support::Rig;

#[test]
fn a_ticket_comes_as_the_answer_and_as_an_event() {
    let mut rig = Rig::logged_in();
    let call = rig.session.request_ticket(rig.now, "arena:eu-1");
    let sent = rig.sent();
    let [ClientPacket::RequestTicket { id, audience }] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(audience.as_str(), "arena:eu-1");
    let ticket = Ticket::new("head.claims.signature");
    rig.receive(&ServerPacket::Ticket {
        id: *id,
        ticket: ticket.clone(),
        expires_at_ms: 70_000,
    });
    let event = Event::TicketReceived {
        ticket: ticket.clone(),
        expires_at_ms: 70_000,
    };
    assert_eq!(rig.events(), [event]);
    let answer = Answer::Ticket {
        ticket,
        expires_at_ms: 70_000,
    };
    let outcome = rig.session.poll_outcome();
    assert!(!format!("{outcome:?}").contains("claims"));
    assert_eq!(outcome, Some((call, Ok(answer))));
    // A ticket that nobody asked for, or that comes again, is nobody's.
    rig.receive(&ServerPacket::Ticket {
        id: *id,
        ticket: Ticket::new("another"),
        expires_at_ms: 70_000,
    });
    assert_eq!(rig.events(), []);
}

#[test]
fn an_audience_that_cannot_be_one_is_refused_without_a_round_trip() {
    let mut rig = Rig::logged_in();
    let long = "a".repeat(65);
    for (audience, code) in [
        ("", DenyCode::TooShort),
        (long.as_str(), DenyCode::TooLong),
        ("two words", DenyCode::ForbiddenCharacter),
        ("aréna", DenyCode::ForbiddenCharacter),
    ] {
        let call = rig.session.request_ticket(rig.now, audience);
        let (ended, outcome) = rig.session.poll_outcome().unwrap();
        let error = outcome.unwrap_err();
        assert_eq!((ended, error.code), (call, CallErrorCode::Server(code)));
        assert_eq!(error.field, Some(Field::Audience));
    }
    assert!(rig.sent().is_empty());
}
