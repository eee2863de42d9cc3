//! Who is signed in. In memory: a restart of the server signs everybody out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::resume_token::new_token;
use crate::store::{Operator, OperatorId};
use longhall_packet::Denial;

/// Without doing anything (OWASP: Session Management).
const IDLE: Duration = Duration::from_secs(60 * 60);
/// Altogether.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// Of one operator; the one begun first ends for the next.
const OF_ONE: usize = 8;

/// What is kept of the token in the cookie.
pub(super) type Key = [u8; 32];

/// Who is signed in.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<Key, Session>>);

/// A browser that is signed in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) operator: OperatorId,
    pub(super) name_key: String,
    /// The operator's: when it is another one by now, the session has ended.
    pub(super) version: i64,
    /// What only our own pages can know.
    pub(super) csrf: String,
    /// The secret of a second factor that is not confirmed yet.
    pub(super) new_secret: Option<String>,
    began: Instant,
    seen: Instant,
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.seen) > IDLE || now.duration_since(self.began) > LONGEST
    }
}

/// The key of a token.
pub(super) fn key(token: &str) -> Key {
    Sha256::digest(token.as_bytes()).into()
}

impl Sessions {
    /// Begins one; returns the token for the cookie, and the session.
    ///
    /// # Errors
    /// `unavailable` when the system has no random numbers.
    pub(super) fn begin(
        &self,
        operator: &Operator,
        name_key: &str,
    ) -> Result<(String, Session), Denial> {
        let (token, csrf) = (new_token()?, new_token()?);
        let now = Instant::now();
        let session = Session {
            operator: operator.id,
            name_key: name_key.to_owned(),
            version: operator.version,
            csrf: csrf.expose().to_owned(),
            new_secret: None,
            began: now,
            seen: now,
        };
        let mut all = self.lock();
        let theirs = all
            .iter()
            .filter(|(_, other)| other.operator == operator.id);
        let mut theirs: Vec<_> = theirs.map(|(key, other)| (other.began, *key)).collect();
        if theirs.len() >= OF_ONE {
            theirs.sort_unstable();
            all.remove(&theirs[0].1);
        }
        all.insert(key(token.expose()), session.clone());
        Ok((token.expose().to_owned(), session))
    }

    /// The session of a token, if it has not ended.
    pub(super) fn find(&self, key: &Key) -> Option<Session> {
        let mut all = self.lock();
        let session = all.get(key)?;
        if session.is_over(Instant::now()) {
            all.remove(key);
            return None;
        }
        Some(session.clone())
    }

    /// Somebody does something.
    pub(super) fn touch(&self, key: &Key) {
        self.change(key, |session| session.seen = Instant::now());
    }

    pub(super) fn change(&self, key: &Key, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.lock().get_mut(key) {
            change(session);
        }
    }

    pub(super) fn end(&self, key: &Key) {
        self.lock().remove(key);
    }

    pub(super) fn drop_over(&self) {
        let now = Instant::now();
        self.lock().retain(|_, session| !session.is_over(now));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Session>> {
        // Nothing panics while holding it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::OperatorRole;

    fn operator(id: i64) -> Operator {
        Operator {
            id: OperatorId(id),
            name: "Ann".to_owned(),
            role: OperatorRole::Admin,
            password_hash: String::new(),
            must_change: false,
            totp_secret: None,
            version: 1,
            created_at_ms: 0,
            last_seen_at_ms: 0,
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
        let sessions = Sessions::default();
        let (token, _) = sessions.begin(&operator(1), "ann").unwrap();
        let key = key(&token);
        let ago = |time: Duration| Instant::now().checked_sub(time + Duration::from_secs(1));
        assert!(sessions.find(&key).is_some());
        assert!(sessions.find(&super::key("something else")).is_none());
        // A machine may not have been up for so long.
        let Some(idle) = ago(IDLE) else { return };
        sessions.change(&key, |session| session.seen = idle);
        assert!(sessions.find(&key).is_none());
        let (token, _) = sessions.begin(&operator(1), "ann").unwrap();
        let key = super::key(&token);
        let Some(old) = ago(LONGEST) else { return };
        sessions.change(&key, |session| session.began = old);
        sessions.touch(&key);
        sessions.drop_over();
        assert!(sessions.lock().is_empty());
    }

    #[test]
    fn the_first_of_an_operator_ends_for_one_too_many_and_others_stay() {
        let sessions = Sessions::default();
        let begin = |id| key(&sessions.begin(&operator(id), "ann").unwrap().0);
        let other = begin(2);
        let keys: Vec<_> = (0..=OF_ONE).map(|_| begin(1)).collect();
        assert!(sessions.find(&keys[0]).is_none());
        assert!(keys[1..].iter().all(|key| sessions.find(key).is_some()));
        assert!(sessions.find(&other).is_some());
    }
}
