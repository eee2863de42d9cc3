//! Figures of servers on PostgreSQL and NATS.

use std::net::SocketAddr;
use std::sync::Arc;

use longhall_engines::{Nats, Postgres};
use longhall_server::bus::NatsBus;
use longhall_server::store::{PostgresStore, Store};
use longhall_server::{Beside, run_with};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::format::Figures;
use crate::support::{TestPlayer, generous};
use crate::{scrape, wait_for};

/// One of several servers.
struct Server {
    address: SocketAddr,
    admin: SocketAddr,
    _running: AbortOnDropHandle<()>,
}

impl Server {
    async fn start(postgres: &str, nats: &str) -> Self {
        let postgres = postgres.to_owned();
        let store = spawn_blocking(move || PostgresStore::open(&postgres).unwrap());
        let store = Arc::new(store.await.unwrap());
        let url = longhall_server::bus::BusUrl::parse(nats).unwrap();
        let link = NatsBus::connect(&url, store.epoch()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, admin_address) =
            (listener.local_addr().unwrap(), admin.local_addr().unwrap());
        let beside = Beside {
            link: Some(link),
            admin: Some(admin),
            ..Beside::default()
        };
        let running = async move {
            let stopping = CancellationToken::new();
            run_with(listener, generous(), store, beside, stopping)
                .await
                .unwrap();
        };
        Self {
            address,
            admin: admin_address,
            _running: AbortOnDropHandle::new(tokio::spawn(running)),
        }
    }
}

/// What two servers tell while they are well, and one of them when PostgreSQL is away.
#[tokio::test(flavor = "multi_thread")]
async fn several_servers_tell_of_their_bus_and_their_database() {
    let (mut postgres, nats, servers) = two().await;
    let [one, other] = &servers;
    let mut ada = TestPlayer::connect(one.address).await;
    ada.enter("ada").await;
    let mut ben = TestPlayer::connect(other.address).await;
    ben.enter("ben").await;
    let both = |figures: &Figures| figures.of("longhall_bus_servers") == 1.0;
    let before = wait_for(other.admin, both).await;
    for _ in 0..3 {
        ada.say("hello over there").await;
    }
    for _ in 0..3 {
        ben.expect_chat("ada", "hello over there").await;
    }
    let after = scrape(other.admin).await;
    // Each server has one of the two, whom each line is delivered to.
    after.check_since(&before, &[("longhall_deliveries_total", 3.0)]);
    assert_eq!(after.of("longhall_players"), 2.0);
    assert_eq!(after.of("longhall_sessions"), 1.0);
    assert_eq!(after.of("longhall_bus_up"), 1.0);
    let received = "longhall_bus_received_messages_total";
    assert!(after.of(received) > before.of(received));
    let of_one = scrape(one.admin).await;
    assert_eq!(
        of_one.of("longhall_lines_accepted_total{kind=\"line\"}"),
        3.0
    );
    assert!(of_one.of("longhall_bus_sent_messages_total") >= 1.0);
    assert_eq!(of_one.of("longhall_store_info{engine=\"postgresql\"}"), 1.0);
    // Two when a batch came before the connection of the one before it was free.
    let connections = of_one.of("longhall_store_connections{kind=\"lines\"}");
    assert!((1.0..=2.0).contains(&connections), "{connections}");
    assert!(of_one.of("longhall_store_wait_seconds_count") >= 3.0);
    assert_eq!(of_one.of("longhall_store_away"), 0.0);

    spawn_blocking(move || {
        postgres.stop_immediately().unwrap();
        postgres
    })
    .await
    .unwrap();
    ada.try_say("lobby", "is it gone?").await;
    let away = |figures: &Figures| {
        figures.of("longhall_store_away") == 1.0
            && figures.of("longhall_readiness{state=\"store_away\"}") == 1.0
            && figures.of("longhall_denials_total{code=\"unavailable\"}") == 1.0
    };
    let away = wait_for(one.admin, away).await;
    assert_eq!(away.of("longhall_store_losses_total"), 1.0);
    assert_eq!(away.of("longhall_batches_failed_total"), 1.0);
    drop(nats);
    wait_for(one.admin, |figures| figures.of("longhall_bus_up") == 0.0).await;
}

/// The kinds of the figures that one of several servers has.
pub(crate) async fn figures_of_several() -> Figures {
    let (_postgres, _nats, [one, _other]) = two().await;
    scrape(one.admin).await
}

async fn two() -> (Postgres, Nats, [Server; 2]) {
    let engines = spawn_blocking(|| (Postgres::quick().unwrap(), Nats::start().unwrap()));
    let (postgres, nats) = engines.await.unwrap();
    postgres.create_database("figures").unwrap();
    let (store, bus) = (postgres.url("figures"), nats.url());
    let servers = [
        Server::start(&store, &bus).await,
        Server::start(&store, &bus).await,
    ];
    (postgres, nats, servers)
}
