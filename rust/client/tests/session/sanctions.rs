//! The player is told of a sanction once, however often it is the reason for a refusal.

use longhall_packet::{CloseReason, Denial, DenyCode, Sanction, SanctionKind, ServerPacket};

use crate::support::{Rig, logged_in};

fn mute(channel: Option<&str>, reason: &str) -> Sanction {
    Sanction {
        sanction: SanctionKind::Mute,
        channel: channel.map(str::to_owned),
        until_ms: None,
        reason: reason.to_owned(),
    }
}

/// What the player is told when a line is refused for it.
fn refuse_a_line(rig: &mut Rig, sanction: &Sanction) -> Vec<String> {
    rig.session.send_chat(rig.now, "lobby", "hello");
    let id = rig.expect_sent("chat");
    let denial = Denial::of_sanction(DenyCode::Muted, sanction.clone(), 0);
    rig.receive(&ServerPacket::deny(Some(id), denial));
    told(rig)
}

fn told(rig: &mut Rig) -> Vec<String> {
    let events = rig.events();
    let told = events.iter().map(crate::support::tell);
    told.filter(|event| event.starts_with("mute ") || event.starts_with("kick "))
        .collect()
}

#[test]
fn a_mute_is_told_once_however_many_lines_are_refused_for_it() {
    let mut rig = Rig::logged_in();
    let spam = mute(None, "spam");
    let sanction = spam.clone();
    rig.receive(&ServerPacket::Sanctioned { sanction });
    assert_eq!(told(&mut rig), ["mute until None: spam"]);
    assert_eq!(refuse_a_line(&mut rig, &spam), [""; 0]);
    assert_eq!(refuse_a_line(&mut rig, &spam), [""; 0]);
    // Another one is news, in its place or beside it.
    let again = mute(None, "spam, again");
    assert_eq!(
        refuse_a_line(&mut rig, &again),
        ["mute until None: spam, again"]
    );
    let here = mute(Some("lobby"), "here");
    assert_eq!(refuse_a_line(&mut rig, &here), ["mute until None: here"]);
    assert_eq!(refuse_a_line(&mut rig, &again), [""; 0]);
}

#[test]
fn a_mute_that_was_lifted_is_told_again() {
    let mut rig = Rig::logged_in();
    let spam = mute(None, "spam");
    assert_eq!(refuse_a_line(&mut rig, &spam), ["mute until None: spam"]);
    rig.receive(&ServerPacket::SanctionLifted {
        sanction: SanctionKind::Mute,
        channel: None,
    });
    rig.expect(["mute lifted"]);
    assert_eq!(refuse_a_line(&mut rig, &spam), ["mute until None: spam"]);
}

#[test]
fn a_mute_that_stands_is_told_after_a_login_and_not_after_a_cut() {
    let mut rig = Rig::logged_in();
    let spam = mute(None, "spam");
    let standing = |id, number, sanctions: &[Sanction]| {
        let mut packet = logged_in(id, "ada", number);
        if let ServerPacket::LoggedIn {
            sanctions: told, ..
        } = &mut packet
        {
            *told = sanctions.to_vec();
        }
        packet
    };
    let id = rig.cut_and_come_back();
    rig.receive(&standing(id, 2, std::slice::from_ref(&spam)));
    assert_eq!(told(&mut rig), ["mute until None: spam"]);
    let id = rig.cut_and_come_back();
    rig.receive(&standing(id, 3, std::slice::from_ref(&spam)));
    assert_eq!(told(&mut rig), [""; 0]);
    // It was lifted while nobody was there to hear of it.
    let id = rig.cut_and_come_back();
    rig.receive(&standing(id, 4, &[]));
    assert_eq!(refuse_a_line(&mut rig, &spam), ["mute until None: spam"]);
    rig.close(CloseReason::SessionEnded);
    let mut rig = rig.connect().log_in();
    assert_eq!(refuse_a_line(&mut rig, &spam), ["mute until None: spam"]);
}

#[test]
fn every_kick_is_told() {
    let mut rig = Rig::logged_in();
    let kick = Sanction {
        sanction: SanctionKind::Kick,
        ..mute(Some("trade"), "")
    };
    for _ in 0..2 {
        let sanction = kick.clone();
        rig.receive(&ServerPacket::Sanctioned { sanction });
        assert_eq!(told(&mut rig), ["kick until None: "]);
    }
}
