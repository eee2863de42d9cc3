//! What a received line costs in memory: counted, because the count is the same on
//! every machine.

use std::time::Duration;

use longhall_client::{Action, Config, Event, Session, State};
use longhall_packet::{
    Access, ChannelState, InboxState, Limits, Line, LineKind, PROTOCOL_VERSION, ResumeToken, Role,
    Seq, ServerPacket, ServerRole, codec,
};

const NOW: Duration = Duration::from_secs(1000);

fn receive(session: &mut Session, packet: &ServerPacket) {
    session.received(NOW, codec::encode(packet).as_bytes());
}

/// Logged in, in a lobby and so many other channels.
fn logged_in(channels: usize) -> Session {
    let config = Config {
        history_lines: 0,
        ..Config::default()
    };
    let mut session = Session::new(config, 42);
    session.connect(NOW);
    assert_eq!(session.poll_action(), Some(Action::Open));
    receive(
        &mut session,
        &ServerPacket::Hello {
            protocol: PROTOCOL_VERSION,
            server: "test".to_owned(),
            message_of_the_day: String::new(),
            limits: Limits::default(),
            registration: None,
            guests: false,
        },
    );
    session.login(NOW, "ada", "correct horse");
    let channel = |name: String| ChannelState {
        hall: None,
        temporary: None,
        channel: name,
        topic: String::new(),
        access: Access::Open,
        speech: longhall_packet::Speech::default(),
        role: Role::Member,
        first_seq: 1,
        last_seq: 0,
        read_seq: 0,
        unread: 0,
        members: 2,
        online: 2,
    };
    let others = (0..channels).map(|number| channel(format!("den-{number}")));
    receive(
        &mut session,
        &ServerPacket::LoggedIn {
            profile: longhall_packet::Profile::default(),
            profile_version: 0,
            // Behind the greeting.
            id: 2,
            username: "ada".to_owned(),
            resume_token: ResumeToken::from_bytes(&[1; 32]),
            session: 1,
            epoch: String::new(),
            channels: std::iter::once(channel("lobby".to_owned()))
                .chain(others)
                .collect(),
            inbox: InboxState::default(),
            invitations: Vec::new(),
            server_role: ServerRole::Player,
            second_factor: false,
            recovery_codes_left: 0,
            last_login: None,
            deleted_at_ms: None,
            sanctions: Vec::new(),
            guest: false,
        },
    );
    assert_eq!(session.state(), State::LoggedIn);
    while session.poll_action().is_some() {}
    while session.poll_event().is_some() {}
    while session.poll_outcome().is_some() {}
    session
}

fn chat(seq: Seq) -> String {
    codec::encode(&ServerPacket::Chat {
        channel: "lobby".to_owned(),
        line: Line {
            seq,
            sender: "bob".to_owned(),
            recipient: None,
            text: format!("line {seq} of a conversation about bears and mead"),
            sent_at_ms: 1_700_000_000_000,
            kind: LineKind::Said,
            edited_at_ms: None,
            of: None,
        },
    })
}

/// Takes these lines as a driver does, each as far as the game.
fn take(session: &mut Session, packets: &[String]) -> usize {
    let mut lines = 0;
    for packet in packets {
        session.received(NOW, packet.as_bytes());
        assert_eq!(session.poll_action(), None);
        while let Some(event) = session.poll_event() {
            assert!(matches!(event, Event::ChatReceived { .. }));
            lines += 1;
        }
        assert!(session.poll_outcome().is_none());
    }
    lines
}

#[test]
fn a_received_line_allocates_its_channel_its_sender_and_its_text() {
    for channels in [0, 20] {
        let mut session = logged_in(channels);
        // The first make room in the counter of unread lines, for a while.
        let first: Vec<String> = (1..=140).map(chat).collect();
        assert_eq!(take(&mut session, &first), 140);
        let next: Vec<String> = (141..=240).map(chat).collect();
        let mut lines = 0;
        let counted = allocation_counter::measure(|| lines = take(&mut session, &next));
        assert_eq!(lines, 100);
        assert_eq!(counted.count_total, 3 * 100, "in {channels} more channels");
    }
}

#[test]
fn a_tick_with_nothing_to_do_allocates_nothing() {
    let mut session = logged_in(20);
    take(&mut session, &[chat(1)]);
    session.tick(NOW);
    while session.poll_event().is_some() {}
    let counted = allocation_counter::measure(|| session.tick(NOW));
    assert_eq!(counted.count_total, 0);
}
