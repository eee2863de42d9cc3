//! How passwords are hashed, and by how many threads.

/// How passwords are hashed.
#[derive(Clone, Debug)]
pub struct Hashing {
    /// Threads that hash passwords. `None`: one less than the machine has
    /// cores, at least one.
    pub threads: Option<usize>,
    /// Most logins and registrations waiting for a hash; more are answered `busy`.
    pub queue: usize,
    /// Cost of a hash.
    pub cost: HashCost,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            threads: None,
            queue: 64,
            cost: HashCost::OWASP,
        }
    }
}

/// Parameters of argon2id. Raising them re-hashes each password at its next login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
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
}
