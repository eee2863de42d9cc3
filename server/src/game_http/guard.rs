//! Whose key it is that a request shows, and what it is good for.

use std::collections::HashSet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use governor::Quota;
use governor::clock::DefaultClock;
use tracing::warn;

use super::GameHttp;
use super::refusal::Refusal;
use crate::game_key;
use crate::http_server::Peer;
use crate::rate_limit::{Limiter, network};
use crate::store::{GameKey, GameKeyHash, Scope};

/// Longest text that is looked at.
const LONGEST: usize = 128;
/// Requests with a key that is not good, from one address: enough for slips, and each costs
/// the store a look.
const FAILURES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");
/// Keys that were good lately and are looked up however many others fail beside them.
const MOST_KNOWN: usize = 1024;
/// Requests of one key in a second, of which as many may come at once.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(100).expect("100 is not zero");
/// A key that is used is noted once in so long.
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Who may not ask for a while.
pub(super) struct Guard {
    /// Addresses that showed keys that are not good.
    failures: Limiter<IpAddr>,
    /// Those that have failed too often, and do so no more until they are dropped here.
    failed: Mutex<HashSet<IpAddr>>,
    known: Mutex<HashSet<GameKeyHash>>,
    keys: Limiter<i64>,
    clock: DefaultClock,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            failures: Limiter::new(Quota::per_minute(FAILURES_PER_MINUTE)),
            failed: Mutex::default(),
            known: Mutex::default(),
            keys: Limiter::new(Quota::per_second(PER_SECOND)),
            clock: DefaultClock::default(),
        }
    }
}

impl Guard {
    /// Forgets who is back to the full allowance.
    pub(super) fn drop_idle(&self) {
        self.failures.drop_idle();
        self.keys.drop_idle();
        locked(&self.failed).clear();
    }

    /// Counts a key that is not good.
    fn fail(&self, address: IpAddr) -> Refusal {
        match self.failures.check(&address, &self.clock) {
            Ok(()) => Refusal::bad_key(),
            Err(wait) => {
                locked(&self.failed).insert(address);
                Refusal::rate_limited(wait)
            }
        }
    }

    /// Whether a key of this hash is not even looked up.
    fn is_out(&self, address: IpAddr, hash: GameKeyHash) -> bool {
        locked(&self.failed).contains(&address) && !locked(&self.known).contains(&hash)
    }

    fn know(&self, hash: GameKeyHash) {
        let mut known = locked(&self.known);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(hash);
    }
}

impl GameHttp {
    /// The key that a request shows, if it is good and has this scope. Counts the request.
    ///
    /// # Errors
    /// 401 without a good key, 403 without the scope, 429 when there are too many requests.
    pub(super) async fn allowed(
        &self,
        peer: Peer,
        headers: &HeaderMap,
        scope: Scope,
    ) -> Result<GameKey, Refusal> {
        let (guard, store) = (&self.guard, &self.server.store);
        let address = network(peer.0);
        let Some(text) = shown(headers) else {
            return Err(Refusal::bad_key());
        };
        let hash = game_key::hash(text);
        if guard.is_out(address, hash) {
            return Err(guard.fail(address));
        }
        let now_ms = self.server.clock.now_ms();
        let found = store.game_key(hash).await?;
        let Some(key) = found.filter(|key| key.is_good(now_ms)) else {
            locked(&guard.known).remove(&hash);
            return Err(guard.fail(address));
        };
        guard.know(hash);
        let counted = guard.keys.check(&key.id, &guard.clock);
        counted.map_err(Refusal::rate_limited)?;
        if !key.scopes.contains(&scope) {
            return Err(Refusal::missing_scope(scope));
        }
        let this_hour_ms = now_ms - now_ms.rem_euclid(HOUR_MS);
        if key.last_used_at_ms < this_hour_ms
            && let Err(cause) = store.set_game_key_used(key.id, this_hour_ms).await
        {
            warn!(%cause, key = key.name, "it is not noted that a key was used");
        }
        Ok(key)
    }
}

/// The key in a request's head. Two of them are none: who stands in front may have looked at
/// the other one.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, key) = only.to_str().ok()?.split_once(' ')?;
    let is_key = key.starts_with(game_key::PREFIX) && key.len() <= LONGEST;
    (scheme.eq_ignore_ascii_case("bearer") && is_key).then_some(key)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::admin::Ground;
    use crate::handlers::test_session::TestSession;
    use crate::store::NewGameKey;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_shown_once_and_as_a_bearer() {
        let key = "lhk_abc";
        assert_eq!(shown(&headers(&["Bearer lhk_abc"])), Some(key));
        assert_eq!(shown(&headers(&["bearer lhk_abc"])), Some(key));
        let long = format!("Bearer lhk_{}", "a".repeat(LONGEST));
        for wrong in [
            &[][..],
            &["lhk_abc"],
            &["Bearer abc"],
            &["Basic lhk_abc"],
            &["Bearer  lhk_abc"],
            &["Bearer lhk_abc", "Bearer lhk_abc"],
            &[&long],
        ] {
            assert_eq!(shown(&headers(wrong)), None, "{wrong:?}");
        }
    }

    #[test]
    fn who_fails_too_often_is_not_looked_up_but_a_key_that_was_good_is() {
        let guard = Guard::default();
        let [here, there] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let [good, wrong] = ["lhk_good", "lhk_wrong"].map(game_key::hash);
        guard.know(good);
        for _ in 0..FAILURES_PER_MINUTE.get() {
            assert!(!guard.is_out(here, wrong));
            guard.fail(here);
        }
        guard.fail(here);
        assert!(guard.is_out(here, wrong) && !guard.is_out(here, good));
        assert!(!guard.is_out(there, wrong));
    }

    struct Asked {
        shared: GameHttp,
        // The server lives as long as she does.
        _ada: TestSession,
    }

    impl Asked {
        async fn new() -> Self {
            let ada = TestSession::player("ada").await;
            let server = Arc::clone(ada.server());
            let shared = GameHttp {
                ground: Ground::running(Arc::clone(&server)),
                guard: Guard::default(),
                server,
            };
            Self { shared, _ada: ada }
        }

        async fn key(&self, text: &str) {
            let new = NewGameKey {
                name: text.to_owned(),
                hash: game_key::hash(text),
                scopes: vec![Scope::Say],
                created_at_ms: 1,
                until_ms: None,
            };
            assert!(self.shared.server.store.insert_game_key(new).await.unwrap());
        }

        /// The status of the refusal, if there is one.
        async fn refused(&self, key: &str) -> Option<u16> {
            let peer = Peer("192.0.2.1".parse().unwrap());
            let headers = headers(&[&format!("Bearer {key}")]);
            let allowed = self.shared.allowed(peer, &headers, Scope::Say).await;
            allowed.err().map(|refusal| refusal.status().as_u16())
        }
    }

    #[tokio::test]
    async fn one_key_asks_so_often_in_a_second_and_another_one_all_the_same() {
        let asked = Asked::new().await;
        asked.key("lhk_busy").await;
        asked.key("lhk_calm").await;
        let mut refused = None;
        // Some come back while they are counted.
        for _ in 0..100 * PER_SECOND.get() {
            refused = refused.or(asked.refused("lhk_busy").await);
            if refused.is_some() {
                break;
            }
        }
        assert_eq!(refused, Some(429));
        assert_eq!(asked.refused("lhk_calm").await, None);
    }

    #[tokio::test]
    async fn after_too_many_guesses_a_new_key_waits_for_a_minute_as_well() {
        let asked = Asked::new().await;
        asked.key("lhk_known").await;
        asked.key("lhk_new").await;
        assert_eq!(asked.refused("lhk_known").await, None);
        let mut told = Vec::new();
        for guess in 0..=FAILURES_PER_MINUTE.get() {
            told.push(asked.refused(&format!("lhk_{guess}")).await);
        }
        let (last, before) = told.split_last().unwrap();
        assert!(before.iter().all(|status| *status == Some(401)), "{told:?}");
        assert_eq!(*last, Some(429));
        // A guess that hits looks like one that does not.
        assert_eq!(asked.refused("lhk_new").await, Some(429));
        assert_eq!(asked.refused("lhk_known").await, None);
        asked.shared.guard.drop_idle();
        assert_eq!(asked.refused("lhk_new").await, None);
    }
}
