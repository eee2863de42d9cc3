//! Scrolling up: the pages above what is shown.

use super::*;

#[test]
fn older_pages_go_above_what_is_shown() {
    let mut rig = in_a_lobby_of(100);
    let first = rig.session.load_history(rig.now, "");
    rig.session.load_history(rig.now, "lobby");
    assert_eq!(rig.outcomes(), ["already_pending"]);
    let id = expect_page(&mut rig, "lobby", None, Some(101), 50);
    rig.page(id, "lobby", lines(99..=100), true);
    rig.expect(["lobby before: ...99 100"]);
    let (call, answer) = rig.session.poll_outcome().unwrap();
    assert_eq!(call, first);
    assert_eq!(
        answer.unwrap(),
        longhall_client::Answer::History {
            channel: "lobby".to_owned(),
            lines: lines(99..=100),
            more: true
        }
    );
    rig.session.load_history(rig.now, "lobby");
    let id = expect_page(&mut rig, "lobby", None, Some(99), 50);
    rig.deny(id, DenyCode::Unavailable);
    rig.pass(0.6);
    let id = expect_page(&mut rig, "lobby", None, Some(99), 50);
    rig.page(id, "lobby", vec![], false);
    rig.expect(["lobby before: "]);
    assert_eq!(rig.outcomes().len(), 1);
}

#[test]
fn a_page_for_a_second_view_tells_nobody_else_and_moves_nothing() {
    let mut rig = in_a_lobby_of(100);
    let call = rig.session.read_history(rig.now, "lobby", 61);
    let id = expect_page(&mut rig, "lobby", None, Some(61), 50);
    rig.page(id, "lobby", vec![entry(60, LineKind::Edit, 3, "x")], true);
    let id = expect_page(&mut rig, "lobby", None, Some(60), 50);
    rig.page(id, "lobby", lines(58..=59), true);
    rig.expect([]);
    let (ended, answer) = rig.session.poll_outcome().unwrap();
    assert_eq!(ended, call);
    assert_eq!(
        answer.unwrap(),
        longhall_client::Answer::History {
            channel: "lobby".to_owned(),
            lines: lines(58..=59),
            more: true
        }
    );
    rig.session.load_history(rig.now, "lobby");
    expect_page(&mut rig, "lobby", None, Some(101), 50);
    rig.session.read_history(rig.now, "nowhere", 61);
    assert_eq!(rig.outcomes(), ["not_a_member"]);
}

#[test]
fn nothing_is_above_the_first_line() {
    let mut rig = in_a_lobby_of(0);
    rig.session.load_history(rig.now, "");
    rig.expect(["lobby before: "]);
    rig.expect_idle();
    assert_eq!(rig.outcomes().len(), 1);
}

#[test]
fn a_page_of_nothing_but_traces_leads_to_the_next() {
    let mut rig = in_a_lobby_of(100);
    rig.session.load_history(rig.now, "");
    let id = expect_page(&mut rig, "lobby", None, Some(101), 50);
    let traces = vec![
        entry(99, LineKind::Edit, 3, "x"),
        entry(100, LineKind::Deletion, 3, ""),
    ];
    rig.page(id, "lobby", traces, true);
    rig.expect([]);
    let id = expect_page(&mut rig, "lobby", None, Some(99), 50);
    rig.page(id, "lobby", lines(98..=98), true);
    rig.expect(["lobby before: ...98"]);
}

#[test]
fn older_pages_end_with_the_connection_and_with_the_channel() {
    let mut rig = in_a_lobby_of(100);
    rig.session.load_history(rig.now, "");
    rig.session.load_history(rig.now, "@bob");
    rig.session.load_history(rig.now, "elsewhere");
    rig.session.load_history(rig.now, "@");
    assert_eq!(rig.outcomes(), ["not_a_member", "unknown_user"]);
    rig.cut();
    assert_eq!(rig.outcomes(), ["connection_lost", "connection_lost"]);
    rig.session.load_history(rig.now, "");
    assert_eq!(rig.outcomes(), ["not_connected"]);
}

#[test]
fn an_older_page_made_before_an_edit_shows_the_edit() {
    let mut rig = in_a_lobby_of(10);
    rig.session.load_history(rig.now, "");
    let id = expect_page(&mut rig, "lobby", None, Some(11), 50);
    rig.receive_line("lobby", entry(11, LineKind::Edit, 9, "new"));
    rig.receive_line("lobby", entry(12, LineKind::Edit, 9, "newer"));
    rig.receive_line("lobby", entry(13, LineKind::Deletion, 10, ""));
    rig.expect([]);
    rig.page(id, "lobby", lines(8..=10), true);
    rig.expect(["lobby before: ...8 newer "]);
}

#[test]
fn older_lines_asked_for_from_a_silent_server_end_with_a_time_out() {
    // Whether the first page never comes, or the older one.
    for first_page_comes in [false, true] {
        let mut rig = Rig::with(|config| config.heartbeat_interval = Duration::ZERO).connect();
        rig.session.login(rig.now, "ada", PASSWORD);
        let id = rig.expect_sent("login");
        let mut packet = logged_in(id, "ada", 1);
        lobby(&mut packet).last_seq = 9;
        rig.receive(&packet);
        let id = expect_page(&mut rig, "lobby", None, None, 50);
        if first_page_comes {
            rig.page(id, "lobby", lines(8..=9), true);
        }
        rig.outcomes();
        rig.session.load_history(rig.now, "lobby");
        rig.pass(15.1);
        assert_eq!(rig.outcomes(), ["timed_out"]);
    }
}
