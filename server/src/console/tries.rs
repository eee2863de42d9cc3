//! How often passwords and codes may be tried.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use governor::clock::DefaultClock;

use super::refusal::Refusal;
use crate::rate_limit::Limiter;
use crate::store::OperatorId;

/// At one operator's, from wherever: enough for slips, and for nobody who guesses.
const PER_MINUTE_OF_ONE: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");
/// Codes of one operator. Three of a million are right at a time: who knows the password
/// finds one in four years so.
const CODES_PER_HOUR: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");
/// By all together, so that they do not take the threads that hash from the players.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("60 is not zero");

/// Tries that count before any work is done for them.
pub(super) struct Tries {
    all: Limiter<()>,
    /// Names that were tried, whether there are such operators or not.
    of_one: Limiter<String>,
    codes: Limiter<OperatorId>,
    clock: DefaultClock,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            all: Limiter::new(Quota::per_minute(PER_MINUTE)),
            of_one: Limiter::new(Quota::per_minute(PER_MINUTE_OF_ONE)),
            codes: Limiter::new(Quota::per_hour(CODES_PER_HOUR)),
            clock: DefaultClock::default(),
        }
    }
}

impl Tries {
    /// Counts a try at the operator whose name has this key.
    pub(super) fn check(&self, name_key: &str) -> Result<(), Refusal> {
        let checked = self
            .of_one
            .check(&name_key.to_owned(), &self.clock)
            .and_then(|()| self.all.check(&(), &self.clock));
        checked.map_err(wait)
    }

    /// Counts a code of an operator.
    pub(super) fn check_code(&self, operator: OperatorId) -> Result<(), Refusal> {
        self.codes.check(&operator, &self.clock).map_err(wait)
    }

    /// Forgets who is back to the full allowance.
    pub(super) fn drop_idle(&self) {
        self.of_one.drop_idle();
        self.codes.drop_idle();
    }
}

fn wait(time: Duration) -> Refusal {
    Refusal::wait(time.as_secs() + 1)
}
