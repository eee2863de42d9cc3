//! Entering the hub or a channel by what the store says: again, when that changed
//! meanwhile, but not for ever.

use std::time::Duration;

use longhall_packet::{Denial, DenyCode};

use crate::hub::{Arrival, Hub};

/// How often the store is asked, when what it says changes while it is read.
const MAX_TRIES: u32 = 8;

/// Somebody on the way into the hub or a channel.
pub(super) struct Arriving {
    hub: Hub,
    arrival: Arrival,
    tries: u32,
}

impl Arriving {
    /// To be called before the store is asked anything that the entry relies on.
    pub(super) fn begin(hub: &Hub) -> Self {
        Self {
            hub: hub.clone(),
            arrival: hub.arrive(),
            tries: 1,
        }
    }

    /// By this the hub tells whether something changed since the try began.
    pub(super) fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    /// Begins another try, before the store is asked again.
    ///
    /// # Errors
    /// `busy` when there is no end to the changes.
    pub(super) fn try_again(&mut self) -> Result<(), Denial> {
        if self.tries == MAX_TRIES {
            return Err(changed_meanwhile());
        }
        self.tries += 1;
        self.arrival = self.hub.arrive();
        Ok(())
    }
}

/// Something changed while a request was under way: the player may try again.
pub(super) fn changed_meanwhile() -> Denial {
    Denial::for_now(DenyCode::Busy, Duration::from_millis(500))
}

#[cfg(test)]
mod tests {
    use longhall_packet::DenyCode;

    use super::*;
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn an_arrival_that_is_never_up_to_date_ends_busy() {
        let server = TestSession::new();
        let mut arriving = Arriving::begin(server.hub());
        let mut tries = 1;
        let denial = loop {
            match arriving.try_again() {
                Ok(()) => tries += 1,
                Err(denial) => break denial,
            }
        };
        assert_eq!((tries, denial.code), (MAX_TRIES, DenyCode::Busy));
        assert!(denial.retry_after_ms.is_some());
    }
}
