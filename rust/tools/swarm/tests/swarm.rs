//! The swarm against a real server in this process, on a port of the system's choice.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use longhall_packet::DenyCode;
use longhall_server::config::HashCost;
use longhall_server::store::SqliteStore;
use longhall_server::{Config, run};
use longhall_swarm::{
    Account, Counts, Ending, Load, Plan, Spread, Swarm, SwarmError, Visit, Visitors, accounts,
};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// A server that lives as long as this value.
struct Server {
    address: SocketAddr,
    folder: Option<tempfile::TempDir>,
    stopping: CancellationToken,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    fn start(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_on("127.0.0.1:0".parse().unwrap(), folder, change)
    }

    fn start_on(
        address: SocketAddr,
        folder: tempfile::TempDir,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let config = Config::with(|config| {
            config.hashing.cost = HashCost::FOR_TESTS;
            config.rates.registrations_per_hour = u32::MAX;
            config.rates.logins_per_minute = u32::MAX;
            config.rates.logins_per_minute_per_name = u32::MAX;
            config.rates.packets_per_second = 1_000_000;
            config.rates.max_repeats = 0;
            config.rates.new_account_time = Duration::ZERO;
            config.rates.unanswered_whispers_per_minute = u32::MAX;
            config.capacity.max_connections_per_address = 1000;
            config.timeouts.shutdown = Duration::from_millis(100);
            change(config);
        });
        let stopping = CancellationToken::new();
        let (told, address_told) = std::sync::mpsc::channel();
        let stop = stopping.clone();
        let store = SqliteStore::open(&folder.path().join("longhall.db")).unwrap();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind(address).await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                run(listener, config, Arc::new(store), stop).await.unwrap();
            });
        });
        Self {
            address: address_told.recv().unwrap(),
            folder: Some(folder),
            stopping,
            thread: Some(thread),
        }
    }

    fn stop(&mut self) {
        self.stopping.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    fn plan(&self) -> Plan {
        Plan {
            urls: vec![format!("ws://{}", self.address)],
            players: 12,
            senders: 2,
            ..Plan::default()
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn start(plan: &Plan) -> Swarm {
    let swarm = Swarm::start(plan.clone(), Account::new_ones(plan.players)).unwrap();
    swarm.wait_until_in(|_| {}).unwrap();
    swarm
}

/// Another address of a server, until the runtime ends.
fn door_to(server: SocketAddr) -> (SocketAddr, Runtime) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        loop {
            let (mut player, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(server).await.unwrap();
                copy_bidirectional(&mut player, &mut server).await.ok();
            });
        }
    });
    (address, runtime)
}

fn wait_for(swarm: &Swarm, enough: impl Fn(Counts) -> bool) {
    while !enough(swarm.counts()) {
        swarm.wait(Duration::from_millis(5), |_| {}).unwrap();
    }
}

/// Talks until `enough`, then ends.
fn talk_until(swarm: Swarm, enough: impl Fn(Counts) -> bool) -> Ending {
    swarm.talk(true);
    wait_for(&swarm, enough);
    swarm.finish().unwrap()
}

fn check_nothing_wrong(ending: &Ending) {
    let Counts { lost, doubled, .. } = ending.counts;
    assert_eq!((lost, doubled, ending.missing), (0, 0, 0));
    assert_eq!(ending.counts.left_out, 0);
}

#[test]
fn every_line_that_is_pushed_reaches_every_member_once() {
    let server = Server::start(|_| {});
    for (channels, members) in [(0, 12), (1, 12), (3, 4)] {
        let plan = Plan {
            channels,
            senders: 3,
            load: Load::Push { window: 16 },
            ..server.plan()
        };
        let ending = talk_until(start(&plan), |counts| counts.posted > 200);
        check_nothing_wrong(&ending);
        let Counts {
            said,
            posted,
            delivered,
            ..
        } = ending.counts;
        assert_eq!(said, posted);
        assert_eq!(ending.numbers, posted);
        assert_eq!(delivered, members * posted);
    }
}

#[test]
fn players_in_halls_of_the_lobby_hear_all_that_is_said_in_theirs() {
    let server = Server::start(|config| config.lobby.size = 4);
    let plan = Plan {
        channels: 0,
        senders: 12,
        load: Load::Push { window: 16 },
        ..server.plan()
    };
    let ending = talk_until(start(&plan), |counts| counts.delivered > 1000);
    check_nothing_wrong(&ending);
    // Each line was heard by those of one hall.
    assert!(ending.counts.delivered <= 4 * ending.numbers);
}

#[test]
fn a_server_that_speaks_tls_is_loaded_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("it.crt"), folder.path().join("it.key"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = Server::start(|config| {
        config.tls.certificate = Some(certificate.clone());
        config.tls.key = Some(key);
    });
    let plan = Plan {
        urls: vec![format!("wss://localhost:{}", server.address.port())],
        roots: Some(certificate),
        load: Load::Push { window: 16 },
        ..server.plan()
    };
    let ending = talk_until(start(&plan), |counts| counts.delivered > 1000);
    check_nothing_wrong(&ending);

    // Who is not to be trusted is not talked to.
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let roots = folder.path().join("other.crt");
    fs::write(&roots, other.cert.pem()).unwrap();
    let plan = Plan {
        roots: Some(roots),
        ..plan
    };
    let swarm = Swarm::start(plan, Account::new_ones(12)).unwrap();
    let refused = swarm.wait_until_in(|_| {}).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[test]
fn senders_of_the_client_core_keep_their_rate_and_lines_tell_how_long_they_took() {
    let server = Server::start(|_| {});
    let plan = Plan {
        channels: 2,
        senders: 4,
        threads: 2,
        load: Load::Rate { lines_per_s: 100.0 },
        ..server.plan()
    };
    let swarm = start(&plan);
    swarm.talk(true);
    let span = swarm
        .measure(Duration::from_millis(300), None, |_| {})
        .unwrap();
    let ending = swarm.finish().unwrap();
    check_nothing_wrong(&ending);
    let Counts {
        said,
        posted,
        delivered,
        bytes,
        ..
    } = ending.counts;
    assert_eq!((said, delivered), (posted, 6 * posted));
    // No sooner than due; later is the machine's affair.
    assert!(
        said as f64 <= 400.0 * (span.seconds + 0.2),
        "{said} in {span:?}"
    );
    assert!(bytes > delivered * 64);
    // Each that was sent in the span, heard by six.
    assert!(!ending.latency.is_empty() && ending.latency.len().is_multiple_of(6));
    assert!(span.cpu_seconds.is_none());
}

#[test]
fn the_next_run_resumes_with_the_tokens_of_the_last() {
    let server = Server::start(|_| {});
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.json");
    assert!(accounts::read(&file).unwrap().is_empty());
    let names = |accounts: &[Account]| -> Vec<String> {
        accounts.iter().map(|one| one.username.clone()).collect()
    };
    let first = start(&server.plan()).finish().unwrap().accounts;
    accounts::write(&file, &first).unwrap();
    for _ in 0..2 {
        let kept = accounts::read(&file).unwrap();
        assert_eq!(names(&kept), names(&first));
        let swarm = Swarm::start(server.plan(), kept).unwrap();
        swarm.wait_until_in(|_| {}).unwrap();
        let ending = swarm.finish().unwrap();
        assert_eq!(names(&ending.accounts), names(&first));
        accounts::write(&file, &ending.accounts).unwrap();
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Debug shows names alone.
    assert!(!format!("{first:?}").contains(first[0].token.as_ref().unwrap().expose()));
}

#[test]
fn a_token_that_is_too_old_costs_a_new_account_and_not_the_run() {
    let server = Server::start(|_| {});
    let first = start(&server.plan()).finish().unwrap().accounts;
    // The same accounts on a server that knows none of them.
    let other = Server::start(|_| {});
    let swarm = Swarm::start(other.plan(), first.clone()).unwrap();
    swarm.wait_until_in(|_| {}).unwrap();
    let second = swarm.finish().unwrap().accounts;
    assert!(
        first
            .iter()
            .zip(&second)
            .all(|(a, b)| a.username != b.username)
    );
}

#[test]
fn players_come_back_after_a_restart_and_talk_on() {
    let mut server = Server::start(|_| {});
    let plan = Plan {
        load: Load::Rate { lines_per_s: 200.0 },
        comeback: Some(Duration::from_millis(50)),
        ..server.plan()
    };
    let swarm = start(&plan);
    swarm.talk(true);
    wait_for(&swarm, |counts| counts.posted > 5);
    server.stop();
    wait_for(&swarm, |counts| counts.left == 12);
    let folder = server.folder.take().unwrap();
    let _again = Server::start_on(server.address, folder, |_| {});
    swarm.wait_until_in(|_| {}).unwrap();
    let before = swarm.counts().posted;
    let ending = talk_until(swarm, |counts| counts.posted > before + 20);
    check_nothing_wrong(&ending);
    assert_eq!(ending.counts.left, 12);
    assert_eq!(ending.counts.entered, 24);
}

#[test]
fn a_line_crosses_when_its_listener_is_on_another_server_than_its_sender() {
    let server = Server::start(|_| {});
    let url = format!("ws://{}", server.address);
    let share = |spread, players, senders| {
        // One server under two addresses.
        let plan = Plan {
            urls: vec![url.clone(), url.clone()],
            spread,
            players,
            senders,
            load: Load::Rate { lines_per_s: 100.0 },
            ..server.plan()
        };
        let swarm = start(&plan);
        swarm.talk(true);
        let time = Duration::from_millis(200);
        swarm.measure(time, None, |_| {}).unwrap();
        let ending = swarm.finish().unwrap();
        check_nothing_wrong(&ending);
        assert!(!ending.latency.is_empty());
        ending.crossed.len() as f64 / ending.latency.len() as f64
    };
    assert_eq!(share(Spread::Turns, 12, 2), 0.5);
    // Three here, two there: the lines of the two cross to three, those of the three to
    // two.
    let all_talk = share(Spread::Blocks, 5, 5);
    assert!((0.44..0.52).contains(&all_talk), "{all_talk}");
}

#[test]
fn players_of_a_server_that_is_gone_come_back_on_the_next_one() {
    let server = Server::start(|_| {});
    let (gone, door) = door_to(server.address);
    let plan = Plan {
        urls: [gone, server.address]
            .map(|address| format!("ws://{address}"))
            .to_vec(),
        senders: 0,
        comeback: Some(Duration::from_millis(50)),
        ..server.plan()
    };
    let swarm = start(&plan);
    door.shutdown_background();
    swarm.measure_return(6, None).unwrap();
    let ending = swarm.finish().unwrap();
    assert_eq!((ending.counts.left, ending.counts.entered), (6, 18));
    assert_eq!(ending.returns.len(), 6);
}

#[test]
fn a_server_that_goes_away_ends_the_run() {
    let mut server = Server::start(|_| {});
    let swarm = start(&server.plan());
    server.stop();
    let error = swarm.wait(Duration::from_secs(20), |_| {}).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, SwarmError::Closed { .. }), "{text}");
    let error = Swarm::start(server.plan(), Account::new_ones(12))
        .unwrap()
        .wait_until_in(|_| {})
        .unwrap_err();
    assert!(
        error.to_string().contains("is the server running"),
        "{error}"
    );
}

#[test]
fn visitors_log_in_and_register_over_and_over() {
    let server = Server::start(|_| {});
    for doing in [Visit::Login, Visit::Register] {
        let plan = Plan {
            visitors: Visitors { count: 3, doing },
            ..server.plan()
        };
        let swarm = start(&plan);
        assert_eq!(swarm.counts().visits, 0);
        let ending = talk_until(swarm, |counts| counts.visits > 20 && counts.posted > 1);
        check_nothing_wrong(&ending);
    }
}

#[test]
fn who_meets_a_limit_is_told_which_option_raises_it() {
    let meets = |change: fn(&mut Config), plan: fn(&mut Plan)| {
        let server = Server::start(change);
        let mut its_plan = server.plan();
        plan(&mut its_plan);
        let swarm = Swarm::start(its_plan.clone(), Account::new_ones(its_plan.players)).unwrap();
        let error = swarm.wait_until_in(|_| {}).and_then(|()| {
            swarm.talk(true);
            swarm.wait(Duration::from_secs(20), |_| {})
        });
        error.unwrap_err()
    };
    let error = meets(|config| config.rates.registrations_per_hour = 3, |_| {});
    assert!(matches!(
        error,
        SwarmError::Denied {
            doing: "register",
            code: DenyCode::RateLimited
        }
    ));
    assert!(
        error.to_string().contains("--registrations-per-hour"),
        "{error}"
    );
    let error = meets(|config| config.rates.logins_per_minute = 3, |_| {});
    assert!(error.to_string().contains("--logins-per-minute"), "{error}");
    let error = meets(
        |config| config.capacity.max_connections_per_address = 3,
        |_| {},
    );
    assert!(
        error.to_string().contains("--connections-per-address"),
        "{error}"
    );
    let error = meets(
        |config| config.rates.packets_per_second = 5,
        |plan| {
            plan.load = Load::Push { window: 64 };
        },
    );
    assert!(
        error.to_string().contains("--packets-per-second"),
        "{error}"
    );
    let error = meets(
        |config| config.rates.packets_per_second = 5,
        |plan| {
            plan.load = Load::Rate { lines_per_s: 500.0 };
        },
    );
    assert!(
        error.to_string().contains("--packets-per-second"),
        "{error}"
    );
    let error = meets(|config| config.capacity.members_per_channel = 3, |_| {});
    assert!(
        error.to_string().contains("--members-per-channel"),
        "{error}"
    );
}

#[test]
fn a_plan_that_makes_no_sense_is_refused_before_anything_is_done() {
    for change in [
        (|plan| plan.players = 0) as fn(&mut Plan),
        |plan| plan.senders = 13,
        |plan| plan.channels = 13,
        |plan| plan.text_bytes = 10,
        |plan| plan.text_bytes = 501,
        |plan| plan.load = Load::Push { window: 0 },
        |plan| plan.load = Load::Rate { lines_per_s: -1.0 },
        |plan| plan.urls[0] = "wss://example.org".to_owned(),
        |plan| plan.urls.clear(),
        |plan| plan.urls.resize(257, "ws://127.0.0.1:1".to_owned()),
        |plan| plan.players = 20,
    ] {
        let mut plan = Plan {
            players: 12,
            ..Plan::default()
        };
        change(&mut plan);
        assert!(Swarm::start(plan, Account::new_ones(12)).is_err());
    }
}
