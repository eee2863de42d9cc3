//! The bus over a real NATS: which is killed, started again, stands still, and wants a
//! password.

use futures_util::StreamExt;
use longhall_engines::Nats;
use tokio::time::{sleep, timeout};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
const TRADE: ChannelId = ChannelId(7);

/// A server's end of a bus.
struct Server {
    bus: Arc<dyn Bus>,
    heard: Receiver<Heard>,
}

impl Server {
    async fn connect(nats: &Nats, epoch: &str) -> Self {
        let url = BusUrl::parse(&nats.url()).unwrap();
        let Link { bus, heard } = NatsBus::connect(&url, epoch).await.unwrap();
        Self { bus, heard }
    }

    async fn two(nats: &Nats) -> [Self; 2] {
        [
            Self::connect(nats, "a1").await,
            Self::connect(nats, "a1").await,
        ]
    }

    fn say(&self, subject: Subject, text: &str) {
        self.bus.publish(subject, text.to_owned().into());
    }

    /// Passes over what comes before.
    async fn expect(&mut self, expected: Heard) {
        let waiting =
            async { while self.heard.recv().await.expect("the bus is there") != expected {} };
        let heard = timeout(PATIENCE, waiting).await;
        heard.unwrap_or_else(|_| panic!("{expected:?} does not come"));
    }

    /// The next news, whatever else is told.
    async fn next_news(&mut self) -> String {
        loop {
            let heard = timeout(PATIENCE, self.heard.recv()).await.unwrap();
            if let Some(Heard::News(bytes)) = heard {
                return String::from_utf8(bytes.to_vec()).unwrap();
            }
        }
    }
}

fn news(text: &'static str) -> Heard {
    Heard::News(text.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_server_hears_the_others_and_the_lines_that_it_wants() {
    let nats = Nats::start().unwrap();
    let [mut one, mut two] = Server::two(&nats).await;
    let elsewhere = Server::connect(&nats, "b2").await;
    two.bus.subscribe(TRADE).await.unwrap();
    two.bus.subscribe(TRADE).await.unwrap();
    one.bus.subscribe(ChannelId(8)).await.unwrap();
    elsewhere.bus.subscribe(TRADE).await.unwrap();
    one.say(Subject::Lines(TRADE), "line");
    one.say(Subject::All, "news");
    let mut heard = [two.next_news().await, two.next_news().await];
    heard.sort();
    assert_eq!(heard, ["line", "news"]);
    two.bus.unsubscribe(TRADE);
    two.say(Subject::Lines(TRADE), "for nobody");
    two.say(Subject::All, "first");
    one.say(Subject::All, "second");
    // Neither its own, nor the line of a channel that it does not hear.
    assert_eq!(one.next_news().await, "first");
    assert_eq!(two.next_news().await, "second");
    elsewhere.say(Subject::All, "another hall");
    one.say(Subject::All, "third");
    assert_eq!(two.next_news().await, "third");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_dies_is_told_and_all_is_heard_again_when_it_is_back() {
    let mut nats = Nats::start().unwrap();
    let [one, mut two] = Server::two(&nats).await;
    two.bus.subscribe(TRADE).await.unwrap();
    nats.kill().unwrap();
    two.expect(Heard::Down).await;
    assert!(!two.bus.is_up());
    // Not confirmed now; it is told when it is.
    two.bus.subscribe(ChannelId(8)).await.unwrap_err();
    one.say(Subject::All, "lost");
    nats.start_again().unwrap();
    for told in [Heard::Up, Heard::Doubt, Heard::Lost] {
        two.expect(told).await;
    }
    two.bus.subscribe(ChannelId(8)).await.unwrap();
    while !one.bus.is_up() {
        sleep(Duration::from_millis(10)).await;
    }
    one.say(Subject::Lines(TRADE), "trade");
    two.expect(news("trade")).await;
    one.say(Subject::Lines(ChannelId(8)), "eight");
    two.expect(news("eight")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_stands_still_is_down_until_it_goes_on() {
    let nats = Nats::start().unwrap();
    let [mut one, mut two] = Server::two(&nats).await;
    nats.pause().unwrap();
    // The connection does not break of it, so it has to be tried.
    one.expect(Heard::Down).await;
    two.expect(Heard::Down).await;
    one.say(Subject::All, "lost");
    sleep(Duration::from_secs(3)).await;
    nats.go_on().unwrap();
    for told in [Heard::Up, Heard::Doubt, Heard::Lost] {
        one.expect(told).await;
    }
    two.expect(Heard::Up).await;
    one.say(Subject::All, "news");
    assert_eq!(two.next_news().await, "news");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_listens_to_everything_does_not_keep_a_server_from_its_bus() {
    let nats = Nats::start().unwrap();
    let operator = async_nats::connect(nats.url()).await.unwrap();
    let mut overheard = operator.subscribe(">").await.unwrap();
    // NATS has taken that when it passes the first word on.
    while timeout(Duration::from_millis(50), overheard.next())
        .await
        .is_err()
    {
        operator.publish("anybody", "".into()).await.unwrap();
    }
    let [one, mut two] = Server::two(&nats).await;
    for channel in [TRADE, ChannelId(8), ChannelId(9)] {
        two.bus.subscribe(channel).await.unwrap();
        one.say(Subject::Lines(channel), "line");
        assert_eq!(two.next_news().await, "line");
    }
    assert!(one.bus.is_up() && two.bus.is_up());
    // A NATS that stands still is found all the same.
    nats.pause().unwrap();
    two.expect(Heard::Down).await;
    nats.go_on().unwrap();
    two.expect(Heard::Up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_before_its_bus() {
    let mut nats = Nats::start().unwrap();
    nats.kill().unwrap();
    let [one, mut two] = Server::two(&nats).await;
    assert!(!one.bus.is_up() && !two.bus.is_up());
    two.bus.subscribe(TRADE).await.unwrap_err();
    nats.start_again().unwrap();
    two.expect(Heard::Up).await;
    two.bus.subscribe(TRADE).await.unwrap();
    while !one.bus.is_up() {
        sleep(Duration::from_millis(10)).await;
    }
    one.say(Subject::Lines(TRADE), "line");
    two.expect(news("line")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_refuses_is_an_error_that_tells_no_secret() {
    let nats = Nats::with_password("hall", "s3cret").unwrap();
    let port = nats.port();
    Server::connect(&nats, "a1").await;
    let refused = async |url: &str| {
        let url = BusUrl::parse(url).unwrap();
        let refused = NatsBus::connect(&url, "a1").await.err();
        let refused = refused.unwrap_or_else(|| panic!("{url} is taken"));
        assert!(!refused.to_string().contains("wr0ng"), "{refused}");
        refused
    };
    for login in ["", "hall:wr0ng@", "wr0ng@"] {
        let refused = refused(&format!("nats://{login}127.0.0.1:{port}")).await;
        assert!(matches!(refused, BusError::Refused(_)), "{refused:?}");
    }
    let no_tls = refused(&format!("tls://hall:wr0ng@127.0.0.1:{port}")).await;
    assert!(matches!(no_tls, BusError::Tls(..)), "{no_tls:?}");
    let url = BusUrl::parse(&nats.url()).unwrap();
    for epoch in ["", "a.b", "*"] {
        let refused = NatsBus::connect(&url, epoch).await.err();
        assert!(matches!(refused, Some(BusError::Epoch)), "{epoch:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_with_a_certificate_that_nobody_vouches_for_is_refused() {
    let nats = Nats::with_tls().unwrap();
    let url = BusUrl::parse(&nats.url()).unwrap();
    let refused = NatsBus::connect(&url, "a1").await.err();
    assert!(matches!(refused, Some(BusError::Tls(..))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_room_is_dropped_at_once_and_told() {
    let nats = Nats::start().unwrap();
    let [mut one, two] = Server::two(&nats).await;
    nats.pause().unwrap();
    let large = "x".repeat(64 * 1024);
    // More than waits, and than the system takes for a socket.
    for _ in 0..1000 {
        one.say(Subject::All, &large);
    }
    nats.go_on().unwrap();
    one.expect(Heard::Lost).await;
    drop(two);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_keep_up_with_what_is_heard_is_told_to_doubt() {
    let nats = Nats::start().unwrap();
    let [one, mut two] = Server::two(&nats).await;
    for _ in 0..4 * MAX_HEARD {
        one.say(Subject::All, "news");
    }
    one.bus.flush().await;
    // All that were sent have come, and were kept or dropped, when this one does.
    let mut three = Server::connect(&nats, "a1").await;
    two.say(Subject::All, "behind");
    assert_eq!(three.next_news().await, "behind");
    two.expect(Heard::Doubt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bus_has_is_heard_before_what_another_says_then() {
    let nats = Nats::start().unwrap();
    let [one, two] = Server::two(&nats).await;
    let mut three = Server::connect(&nats, "a1").await;
    for number in 0..100 {
        let server = if number % 2 == 0 { &one } else { &two };
        server.say(Subject::All, &number.to_string());
        server.bus.flush().await;
    }
    for number in 0..100 {
        assert_eq!(three.next_news().await, number.to_string());
    }
    // One that stands still holds nobody up for long.
    nats.pause().unwrap();
    one.say(Subject::All, "news");
    timeout(PATIENCE, one.bus.flush()).await.unwrap();
    nats.go_on().unwrap();
}
