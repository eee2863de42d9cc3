//! How passwords are hashed, and by how many threads.

use std::io;

use clap::{Args, value_parser};

use super::count;

/// How passwords are hashed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Hashing")]
pub struct Hashing {
    /// Threads that hash passwords, at most 1024. One less than the machine has cores
    /// unless set, and at least one.
    ///
    /// Fewer where the machine has other work; each needs the memory of one hash.
    #[arg(
        long = "hash-threads",
        env = "LONGHALL_HASH_THREADS",
        value_name = "COUNT"
    )]
    #[arg(value_parser = count::<1, 1024>, hide_short_help = true)]
    pub threads: Option<usize>,

    /// Most logins and registrations waiting for a hash, at most 100000; more are
    /// answered that the server is busy.
    ///
    /// More where very many players come at once and may wait.
    #[arg(long = "hash-queue", env = "LONGHALL_HASH_QUEUE", value_name = "COUNT")]
    #[arg(default_value_t = 64, value_parser = count::<1, 100_000>, hide_short_help = true)]
    pub queue: usize,

    /// Cost of a hash.
    #[command(flatten)]
    pub cost: HashCost,
}

/// Parameters of argon2id. Raising them re-hashes each password at its next login.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory that one hash of a password takes, in KiB. From 8, for tests alone, to
    /// 1048576, which is 1 GiB.
    ///
    /// More makes stolen hashes harder to guess from, and each login slower. A password
    /// is hashed anew at its next login.
    #[arg(long = "hash-memory", env = "LONGHALL_HASH_MEMORY", value_name = "KIB")]
    #[arg(default_value_t = HashCost::OWASP.memory_kib)]
    #[arg(value_parser = value_parser!(u32).range(8..=1024 * 1024), hide_short_help = true)]
    pub memory_kib: u32,

    /// How often one hash of a password goes over its memory. At most 100.
    ///
    /// More where memory is scarce and time is not.
    #[arg(
        long = "hash-passes",
        env = "LONGHALL_HASH_PASSES",
        value_name = "COUNT"
    )]
    #[arg(default_value_t = HashCost::OWASP.passes)]
    #[arg(value_parser = value_parser!(u32).range(1..=100), hide_short_help = true)]
    pub passes: u32,

    /// Lanes of a hash of a password, at most 64. Each needs 8 KiB of its memory.
    ///
    /// Leave it at 1: the lanes of a hash are gone through one after the other here.
    #[arg(long = "hash-lanes", env = "LONGHALL_HASH_LANES", value_name = "COUNT")]
    #[arg(default_value_t = HashCost::OWASP.lanes)]
    #[arg(value_parser = value_parser!(u32).range(1..=64), hide_short_help = true)]
    pub lanes: u32,
}

impl HashCost {
    /// 19 MiB, 2 passes, 1 lane: the first choice of the OWASP Password Storage
    /// Cheat Sheet
    /// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id>).
    pub const OWASP: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
    /// The least argon2 allows. For tests of everything but hashing.
    pub const FOR_TESTS: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    /// Memory in KiB and passes that the same page counts as equally good.
    const GOOD_ENOUGH: [(u32, u32); 5] = [(47104, 1), (19456, 2), (12288, 3), (9216, 4), (7168, 5)];

    /// Whether it is below all that OWASP advises.
    pub fn is_weak(self) -> bool {
        !Self::GOOD_ENOUGH
            .iter()
            .any(|&(memory_kib, passes)| self.memory_kib >= memory_kib && self.passes >= passes)
    }

    /// Whether there is memory enough for the lanes.
    ///
    /// # Errors
    /// When there is not.
    pub fn check(self) -> io::Result<()> {
        let least = 8 * self.lanes;
        if self.memory_kib >= least {
            return Ok(());
        }
        let lanes = self.lanes;
        let text = format!("--hash-memory must be {least} or more, as --hash-lanes is {lanes}");
        Err(io::Error::new(io::ErrorKind::InvalidInput, text))
    }
}
