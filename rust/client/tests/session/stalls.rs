//! A driver that was away: level load, breakpoint, closed laptop.

use std::time::Duration;

use longhall_client::State;

use crate::support::{PASSWORD, Rig};

#[test]
fn the_drivers_own_absence_says_nothing_about_the_server() {
    let mut rig = Rig::logged_in();
    rig.stall(3600.0);
    rig.session.tick(rig.now);
    // Asked at once, and given the full time to answer.
    let id = rig.expect_sent("ping");
    rig.pass(9.9);
    rig.expect([]);
    rig.ok(id);
    rig.pass(14.0);
    rig.expect([]);
    rig.expect_idle();
}

#[test]
fn a_server_that_stays_silent_after_a_stall_is_given_up() {
    let mut rig = Rig::connected();
    rig.stall(60.0);
    rig.session.tick(rig.now);
    rig.expect_sent("ping");
    rig.pass(10.1);
    rig.expect([
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ]);
}

#[test]
fn a_suspended_game_asks_at_once_though_its_clock_stood_still() {
    let mut rig = Rig::logged_in();
    rig.pass(1.0);
    rig.expect_idle();
    rig.session.resumed(rig.now);
    rig.session.tick(rig.now);
    let id = rig.expect_sent("ping");
    rig.pass(9.9);
    rig.expect([]);
    rig.ok(id);
    rig.pass(14.0);
    rig.expect_idle();
}

#[test]
fn a_suspended_game_does_not_sit_out_the_pause() {
    let mut rig = Rig::connected();
    rig.cut();
    rig.expect([
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ]);
    rig.session.resumed(rig.now);
    rig.expect_open();
}

#[test]
fn a_stall_after_the_ping_asks_again() {
    let mut rig = Rig::connected();
    rig.pass(15.0);
    rig.expect_sent("ping");
    rig.pass(9.0);
    rig.stall(3.0);
    rig.session.tick(rig.now);
    rig.expect_sent("ping");
    rig.pass(9.9);
    rig.expect([]);
}

#[test]
fn what_waited_in_the_socket_is_as_good_as_an_answer_to_the_question() {
    let mut rig = Rig::logged_in();
    rig.stall(60.0);
    rig.receive_chat("while you were away");
    rig.session.tick(rig.now);
    rig.expect_idle();
    rig.expect(["bob: while you were away"]);
}

#[test]
fn answers_left_unread_do_not_time_out() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "", "hi");
    let id = rig.expect_sent("chat");
    rig.pass(10.0);
    rig.stall(30.0);
    rig.session.tick(rig.now);
    rig.expect([]);
    rig.post(id, "hi");
    rig.expect(["ada: hi", "chat accepted"]);
}

#[test]
fn the_time_away_does_not_count_and_a_second_is_always_left() {
    // 10 of 15 seconds are used up before the stall.
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.expect_sent("login");
    rig.pass(10.0);
    rig.stall(100.0);
    rig.pass_quietly(4.9);
    rig.expect([]);
    rig.pass_quietly(0.2);
    rig.expect(["login denied: timed_out"]);

    // Practically nothing is left.
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.expect_sent("login");
    rig.pass_quietly(14.95);
    rig.stall(5.0);
    rig.pass_quietly(0.9);
    rig.expect([]);
    rig.pass_quietly(0.2);
    rig.expect(["login denied: timed_out"]);
}

#[test]
fn two_seconds_are_a_hiccup_and_no_stall() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.expect_sent("login");
    rig.pass(14.0);
    rig.stall(2.0);
    rig.session.tick(rig.now);
    rig.expect(["login denied: timed_out"]);
}

#[test]
fn a_call_of_the_player_does_not_hide_a_stall() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "", "hi");
    rig.expect_sent("chat");
    rig.stall(60.0);
    rig.session.send_chat(rig.now, "", "still there?");
    rig.session.tick(rig.now);
    rig.expect([]);
    rig.expect_state(State::LoggedIn);
}

#[test]
fn a_stall_while_connecting_does_not_count_either() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.pass(9.0);
    rig.stall(20.0);
    rig.pass(0.5);
    rig.expect_state(State::Connecting);
    rig.pass(0.6);
    rig.expect_state(State::Reconnecting);
}

#[test]
fn a_stall_does_not_put_off_the_next_try() {
    let mut rig = Rig::connected();
    rig.cut();
    rig.stall(60.0);
    rig.session.tick(rig.now);
    rig.expect_open();
}

#[test]
fn a_driver_that_sleeps_as_told_is_not_away() {
    let mut rig = Rig::connected();
    rig.session.config_mut().request_timeout = Duration::from_secs(9);
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.expect_sent("login");
    let deadline = rig.session.next_deadline().unwrap();
    assert_eq!(deadline, rig.now + Duration::from_secs(9));
    rig.now = deadline;
    rig.session.tick(rig.now);
    rig.expect(["login denied: timed_out"]);
}

#[test]
fn a_driver_that_oversleeps_is_away() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    rig.now = rig.session.next_deadline().unwrap();
    rig.stall(2.1);
    rig.session.tick(rig.now);
    rig.expect([]);
    rig.pass(0.9);
    rig.receive_logged_in(id, 1);
    rig.expect(["state LoggedIn", "logged in ada", "joined lobby"]);
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut rig = Rig::logged_in();
    rig.pass(10.0);
    rig.session.tick(Duration::ZERO);
    rig.pass(4.9);
    rig.expect_idle();
    rig.pass(0.2);
    rig.expect_sent("ping");
    rig.expect([]);
}

#[test]
fn the_end_of_time_is_survived() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "", "hi");
    for _ in 0..3 {
        rig.session.tick(Duration::MAX);
        rig.session.login(Duration::MAX, "ada", PASSWORD);
        rig.session.send_chat(Duration::MAX, "", "hi");
        rig.session.next_deadline();
        rig.session.closed(Duration::MAX, None, "");
    }
    let mut rig = Rig::with(|config| {
        config.connect_timeout = Duration::MAX;
        config.request_timeout = Duration::MAX;
        config.heartbeat_interval = Duration::MAX;
        config.reconnect_max_delay = Duration::MAX;
    })
    .connect()
    .log_in();
    rig.session.send_chat(rig.now, "", "hi");
    rig.stall(1e9);
    rig.session.tick(rig.now);
    rig.cut();
    rig.stall(1e9);
    rig.session.tick(rig.now);
}
