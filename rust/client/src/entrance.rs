//! Getting an account: what it takes here, and one that is about to be made.

use longhall_packet::{InviteCode, Password, ProofSearch, Registration, Username};

use crate::Call;

/// Challenges asked for in a row: one may be void when the work for it is done, as after a
/// long stall.
const MAX_ROUNDS: u8 = 3;

#[derive(Debug, Default)]
pub(crate) struct Entrance {
    /// As the server's last greeting says.
    registration: Registration,
    takes_guests: bool,
    /// Whether the account that is logged in is a guest.
    is_guest: bool,
    wanted: Option<Wanted>,
    last_work: u64,
    /// The server is about to close, so that all see the account anew.
    rejoins: bool,
}

/// An account that is about to be made.
#[derive(Debug)]
struct Wanted {
    call: Call,
    what: What,
    rounds: u8,
    proof: Option<u64>,
    work: Option<ProofWork>,
    /// The number of the work that is being done.
    number: u64,
    percent: u8,
}

/// What it is to become.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Account {
        username: Username,
        password: Password,
        invite: Option<InviteCode>,
    },
    Guest {
        username: Username,
    },
    /// An account of the guest who is logged in.
    Upgrade {
        username: Option<Username>,
        password: Password,
        invite: Option<InviteCode>,
    },
}

/// Work that a server asks for, on its way to whoever has the time: see
/// [`Session::take_work`](crate::Session::take_work).
#[derive(Debug)]
pub struct ProofWork {
    number: u64,
    search: ProofSearch,
    found: Option<u64>,
}

impl ProofWork {
    /// Does a slice of it: at most so many hashes, each a microsecond or less. Whether it is
    /// done.
    pub fn run(&mut self, hashes: u32) -> bool {
        if self.found.is_none() {
            self.found = self.search.run(hashes);
        }
        self.found.is_some()
    }
}

/// What comes of work that is given back.
pub(crate) enum Worked {
    /// Nobody wants it any more.
    Void,
    /// There is more to do; the percentage changed to this.
    Going(Option<u8>),
    /// It is done.
    Done,
}

/// What is known of the server.
impl Entrance {
    /// The server greets. Whether anything is different.
    pub(crate) fn greeted(&mut self, registration: Option<Registration>, guests: bool) -> bool {
        self.rejoins = false;
        let registration = registration.unwrap_or_default();
        let before = (self.registration, self.takes_guests);
        (self.registration, self.takes_guests) = (registration, guests);
        before != (registration, guests)
    }

    pub(crate) fn registration(&self) -> Registration {
        self.registration
    }

    pub(crate) fn takes_guests(&self) -> bool {
        self.takes_guests
    }

    pub(crate) fn is_guest(&self) -> bool {
        self.is_guest
    }

    pub(crate) fn set_guest(&mut self, is_guest: bool) {
        self.is_guest = is_guest;
    }

    /// Notes that the server closes soon, and is there all the same.
    pub(crate) fn rejoin(&mut self) {
        self.rejoins = true;
    }

    /// Whether to be back at once; true once.
    pub(crate) fn take_rejoin(&mut self) -> bool {
        std::mem::take(&mut self.rejoins)
    }
}

/// An account that is about to be made.
impl Entrance {
    pub(crate) fn is_busy(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether somebody is about to be logged in as a guest.
    pub(crate) fn is_guest_coming(&self) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_some_and(|one| matches!(one.what, What::Guest { .. }))
    }

    pub(crate) fn begin(&mut self, call: Call, what: What) {
        self.wanted = Some(Wanted {
            call,
            what,
            rounds: 0,
            proof: None,
            work: None,
            number: 0,
            percent: 0,
        });
    }

    /// The call has ended, however it did.
    pub(crate) fn forget(&mut self, call: Call) {
        if self.is_of(call) {
            self.wanted = None;
        }
    }

    pub(crate) fn is_of(&self, call: Call) -> bool {
        self.wanted.as_ref().is_some_and(|one| one.call == call)
    }

    pub(crate) fn wanted(&self) -> Option<(Call, &What, Option<u64>)> {
        let wanted = self.wanted.as_ref()?;
        Some((wanted.call, &wanted.what, wanted.proof))
    }

    /// Whether another challenge may be asked for.
    pub(crate) fn begin_round(&mut self) -> bool {
        let Some(wanted) = &mut self.wanted else {
            return false;
        };
        wanted.rounds += 1;
        (wanted.proof, wanted.work) = (None, None);
        wanted.rounds <= MAX_ROUNDS
    }

    /// The server says what work it wants. False when that is more than any does.
    pub(crate) fn challenged(&mut self, challenge: String, bits: u32) -> bool {
        let Some(wanted) = &mut self.wanted else {
            return true;
        };
        if bits == 0 {
            return true;
        }
        let Some(search) = ProofSearch::new(challenge, bits) else {
            return false;
        };
        self.last_work += 1;
        wanted.number = self.last_work;
        wanted.work = Some(ProofWork {
            number: self.last_work,
            search,
            found: None,
        });
        true
    }

    pub(crate) fn has_work(&self) -> bool {
        self.wanted.as_ref().is_some_and(|one| one.work.is_some())
    }

    pub(crate) fn take_work(&mut self) -> Option<ProofWork> {
        self.wanted.as_mut()?.work.take()
    }

    pub(crate) fn give_back(&mut self, work: ProofWork) -> Worked {
        let Some(wanted) = &mut self.wanted else {
            return Worked::Void;
        };
        if wanted.number != work.number {
            return Worked::Void;
        }
        if let Some(proof) = work.found {
            wanted.proof = Some(proof);
            return Worked::Done;
        }
        let percent = (work.search.progress() * 100.0) as u8;
        let is_news = percent > wanted.percent;
        wanted.percent = wanted.percent.max(percent);
        wanted.work = Some(work);
        Worked::Going(is_news.then_some(percent))
    }
}
