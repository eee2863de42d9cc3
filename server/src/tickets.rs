//! Tickets, by which games' own servers know who a player is: signed here, and checked and
//! used up for those who ask.
//!
//! The keys are in the store, the same for all its servers. They are read from it when they are
//! needed and were not read for half a minute.

pub(crate) mod keys;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use longhall_packet::{Audience, ServerRole, Ticket};
use longhall_ticket::{Claims, Fault, Keys, LEEWAY_S, check, jwks};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::session::Account;
use crate::settings::Settings;
use crate::store::{Store, StoreError, TicketKey};

/// How old what was read of the keys may be: so long may a key sign that somebody has made void
/// on another server.
const READ_ANEW_AFTER: Duration = Duration::from_secs(30);
/// Random bytes that name a ticket.
const NAME_BYTES: usize = 16;

/// Signs tickets, and knows which are good.
pub(crate) struct Tickets {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    settings: Settings,
    /// The keys, and when they were read. Held while they are read, so that one reads for all.
    read: Mutex<Option<(Instant, Arc<[TicketKey]>)>>,
}

impl Tickets {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<Clock>, settings: Settings) -> Self {
        Self {
            store,
            clock,
            settings,
            read: Mutex::default(),
        }
    }

    /// Signs a ticket for an account. Returns it with when it ends, in milliseconds since 1970.
    ///
    /// # Errors
    /// See [`StoreError`]; also when the system gives no random numbers.
    pub(crate) async fn sign(
        &self,
        account: &Account,
        role: ServerRole,
        audience: &Audience,
    ) -> Result<(Ticket, u64), StoreError> {
        let keys = self.keys().await?;
        let now_ms = self.clock.now_ms();
        let signing = keys::signing(&keys, now_ms)
            .ok_or_else(|| StoreError::Failed("there is no key for tickets".to_owned()))?;
        let mut name = [0; NAME_BYTES];
        getrandom::fill(&mut name).map_err(|cause| StoreError::Failed(cause.to_string()))?;
        let iat = seconds(now_ms);
        let exp = iat.saturating_add(self.settings.now().tickets.ticket_lifetime.as_secs());
        let ticket = signing.key.sign(&Claims {
            iss: self.store.epoch().to_owned(),
            sub: account.id.0.to_string(),
            name: account.username(),
            role: role.name().to_owned(),
            guest: account.is_guest,
            aud: audience.as_str().to_owned(),
            jti: Base64UrlUnpadded::encode_string(&name),
            iat,
            exp,
        });
        let ticket = Ticket::new(ticket.as_str());
        Ok((ticket, exp.saturating_mul(1000)))
    }

    /// Checks a ticket that a game's server was shown, and uses it up, on all servers of the
    /// store.
    ///
    /// # Errors
    /// See [`StoreError`]; it is not used up then.
    pub(crate) async fn redeem(
        &self,
        ticket: &str,
        audience: &str,
    ) -> Result<Result<Claims, Fault>, StoreError> {
        let keys = self.keys().await?;
        let keys = Keys::of(keys.iter().map(|key| &key.key));
        let now_ms = self.clock.now_ms();
        let claims = match check(ticket, &keys, audience, seconds(now_ms)) {
            Ok(claims) => claims,
            Err(fault) => return Ok(Err(fault)),
        };
        let end_s = claims.exp.saturating_add(LEEWAY_S);
        let ends_at_ms = i64::try_from(end_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        let name = claims.jti.clone();
        let is_first = self.store.use_ticket(name, ends_at_ms, now_ms).await?;
        Ok(is_first.then_some(claims).ok_or(Fault::Used))
    }

    /// The public keys, for everybody to check tickets with.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(crate) async fn jwks(&self) -> Result<String, StoreError> {
        Ok(jwks(self.keys().await?.iter().map(|key| &key.key)))
    }

    /// Reads the keys anew when they are needed next: somebody has changed them.
    pub(crate) async fn forget(&self) {
        *self.read.lock().await = None;
    }

    async fn keys(&self) -> Result<Arc<[TicketKey]>, StoreError> {
        let mut read = self.read.lock().await;
        let now = self.clock.now();
        if let Some((at, keys)) = &*read
            && now.saturating_duration_since(*at) < READ_ANEW_AFTER
        {
            return Ok(Arc::clone(keys));
        }
        let lifetime = self.settings.now().tickets.ticket_key_lifetime;
        let found = keys::current(&*self.store, lifetime, self.clock.now_ms()).await?;
        let keys: Arc<[TicketKey]> = found.into();
        *read = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }
}

/// Milliseconds since 1970 as seconds.
fn seconds(ms: i64) -> u64 {
    u64::try_from(ms / 1000).unwrap_or(0)
}
