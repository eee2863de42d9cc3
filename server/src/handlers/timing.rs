//! Whether a stopwatch tells who has an account.

use std::time::{Duration, Instant};

use longhall_packet::{ClientPacket, DenyCode};

use super::test_requests::{ID, login, recover};
use super::test_session::TestSession;
use crate::config::HashCost;

/// Tries of each kind.
const ROUNDS: usize = 25;
/// How much longer one kind may take than the other, by their medians. The work of a try is
/// some milliseconds of hashing, without which it is a hundred times less: a difference that
/// noise does not make. Tries alternate, so that a busy machine delays both alike.
const MOST: f64 = 2.0;

/// A visitor of a server whose hashes cost enough to be seen, and who may try as often as
/// they like.
async fn visitor() -> TestSession {
    let mut visitor = TestSession::with(|config| {
        config.hashing.cost = HashCost {
            memory_kib: 1024,
            passes: 4,
            lanes: 1,
        };
        config.rates.logins_per_minute = 1_000_000;
        config.rates.logins_per_minute_per_name = 1_000_000;
    });
    visitor.register_with_codes("ada").await;
    visitor
}

/// How long a request took that was denied.
async fn time(visitor: &mut TestSession, request: &ClientPacket) -> Duration {
    let began = Instant::now();
    visitor.ask(request).await;
    let took = began.elapsed();
    visitor.expect_deny(Some(ID), DenyCode::BadCredentials);
    took
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

async fn check_alike(known: ClientPacket, unknown: ClientPacket) {
    let mut visitor = visitor().await;
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // By turns which comes first: what one leaves in a cache is the other's, too.
        if round % 2 == 0 {
            of_known.push(time(&mut visitor, &known).await);
        }
        of_unknown.push(time(&mut visitor, &unknown).await);
        if round % 2 == 1 {
            of_known.push(time(&mut visitor, &known).await);
        }
    }
    let (known, unknown) = (median(of_known), median(of_unknown));
    let times = known.max(unknown) / known.min(unknown);
    assert!(times < MOST, "{known} s and {unknown} s");
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    check_alike(
        login("ada", "battery staple"),
        login("nobody", "battery staple"),
    )
    .await;
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_wrong_recovery_code() {
    let code = "0000-0000-0000-0000-0000";
    check_alike(
        recover("ada", code, "battery staple"),
        recover("nobody", code, "battery staple"),
    )
    .await;
}

#[tokio::test]
async fn a_wrong_recovery_code_takes_as_long_as_a_wrong_password() {
    let code = "0000-0000-0000-0000-0000";
    check_alike(
        login("ada", "battery staple"),
        recover("nobody", code, "battery staple"),
    )
    .await;
}
