//! Password hashing on threads of its own, so that it never stalls chat.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use argon2::password_hash::Result as HashResult;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use longhall_packet::{ChannelPassword, Denial, DenyCode, Password};
use tokio::sync::oneshot;
use tracing::error;

use crate::config::{Config, HashCost};
use crate::metrics::Metrics;

type Job = Box<dyn FnOnce(&mut Hasher) + Send>;

/// Most memory a stored hash may ask for, in argon2's blocks of 1 KiB: far more
/// than any recommended cost.
const MOST_BLOCKS: usize = 256 * 1024;

/// The pool of hashing threads.
///
/// Bounded in threads, so that the async threads always have a core to
/// themselves where there are two, and in waiting jobs: more are refused with
/// `busy`. The threads end when the pool is dropped.
pub(crate) struct Passwords {
    jobs: SyncSender<Job>,
    /// Jobs waiting or running.
    load: Arc<AtomicUsize>,
    threads: usize,
    metrics: Arc<Metrics>,
    /// Tells the refused when to come back.
    dummy: Arc<OnceLock<Dummy>>,
}

/// What can be hashed.
pub(crate) trait Secret: Send + 'static {
    fn reveal(&self) -> &str;
}

impl Secret for Password {
    fn reveal(&self) -> &str {
        self.expose()
    }
}

impl Secret for ChannelPassword {
    fn reveal(&self) -> &str {
        self.expose()
    }
}

/// The outcome of checking a password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Whether the password is the account's.
    pub(crate) valid: bool,
    /// A new hash to store, when the old one was made with other parameters.
    pub(crate) rehashed: Option<String>,
}

impl Passwords {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the cost is outside what argon2 allows, or no thread can be started.
    pub(crate) fn start(config: &Config, metrics: Arc<Metrics>) -> io::Result<Self> {
        let config = &config.hashing;
        let HashCost {
            memory_kib,
            passes,
            lanes,
        } = config.cost;
        let params = Params::new(memory_kib, passes, lanes, None)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        let dummy = Arc::default();
        let threads = config.threads.unwrap_or_else(default_threads).max(1);
        let (jobs, queue) = sync_channel::<Job>(config.queue);
        let queue = Arc::new(Mutex::new(queue));
        for number in 1..=threads {
            let hasher = Hasher::new(params.clone(), Arc::clone(&dummy));
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(hasher, &queue))?;
        }
        Ok(Self {
            jobs,
            load: Arc::default(),
            threads,
            metrics,
            dummy,
        })
    }

    /// Passwords that wait for a thread or are being hashed.
    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Hashes a new password to a PHC string with a salt of its own.
    ///
    /// # Errors
    /// `busy` when too many are waiting, `unavailable` when there is no memory.
    pub(crate) async fn hash(&self, password: impl Secret) -> Result<String, Denial> {
        self.submit(move |hasher| hasher.hash(&password)).await?
    }

    /// Checks a password against the account's stored hash. `None` stands for
    /// an unknown account: it costs the same and is never valid.
    ///
    /// # Errors
    /// `busy` when too many are waiting.
    pub(crate) async fn verify(
        &self,
        stored: Option<String>,
        password: impl Secret,
    ) -> Result<Verified, Denial> {
        self.submit(move |hasher| hasher.verify(stored.as_deref(), &password))
            .await
    }

    async fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Hasher) -> T + Send + 'static,
    ) -> Result<T, Denial> {
        let (answer, answered) = oneshot::channel();
        let load = Arc::clone(&self.load);
        let metrics = Arc::clone(&self.metrics);
        let ahead = self.load.fetch_add(1, Ordering::Relaxed);
        let job = Box::new(move |hasher: &mut Hasher| {
            // Nobody waits for the answer of a connection that is gone.
            if !answer.is_closed() {
                let began = Instant::now();
                let done = job(hasher);
                metrics.hash_time.observe_time(began.elapsed());
                let _ = answer.send(done);
            }
            load.fetch_sub(1, Ordering::Relaxed);
        });
        match self.jobs.try_send(job) {
            Ok(()) => answered
                .await
                .map_err(|_| Denial::new(DenyCode::Unavailable)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.load.fetch_sub(1, Ordering::Relaxed);
                let rounds = u32::try_from(ahead / self.threads).unwrap_or(u32::MAX);
                let one_hash = self.dummy.get().map_or(Duration::ZERO, |dummy| dummy.took);
                let wait = one_hash.saturating_mul(rounds);
                Err(Denial::for_now(
                    DenyCode::Busy,
                    wait.max(Duration::from_millis(250)),
                ))
            }
        }
    }
}

/// All cores but one: a pool on every core would hold up chat while many log in.
fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get() - 1)
}

fn work(mut hasher: Hasher, queue: &Mutex<Receiver<Job>>) {
    // Chat goes first: on Linux niceness belongs to the thread. Failing to set
    // it costs latency under load, nothing else.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(10);
    hasher.dummy_hash();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        job(&mut hasher);
    }
}

/// A hash that stands in for the one of an account that does not exist. The first thread
/// makes it, so that the start does not wait for it.
struct Dummy {
    hash: String,
    /// What it took to make it.
    took: Duration,
}

/// argon2id with the server's parameters, and one thread's working memory.
struct Hasher {
    params: Params,
    dummy: Arc<OnceLock<Dummy>>,
    /// Kept from hash to hash: asking the system for 19 MiB each time costs
    /// time, and leaves holes in the heap.
    memory: Vec<Block>,
}

impl Hasher {
    fn new(params: Params, dummy: Arc<OnceLock<Dummy>>) -> Self {
        Self {
            params,
            dummy,
            memory: Vec::new(),
        }
    }

    /// The dummy; makes it, or waits for the thread that does.
    fn dummy_hash(&mut self) -> String {
        let dummy = Arc::clone(&self.dummy);
        let dummy = dummy.get_or_init(|| {
            let started = Instant::now();
            // The parameters were checked. Should it fail nevertheless, the threads go on: an
            // empty hash fits no password.
            let hash = self
                .try_hash(b"no account has this hash")
                .unwrap_or_else(|cause| {
                    error!(%cause, "cannot hash a password");
                    String::new()
                });
            // It may be long until somebody logs in.
            self.memory = Vec::new();
            Dummy {
                hash,
                took: started.elapsed(),
            }
        });
        dummy.hash.clone()
    }

    fn hash(&mut self, password: &impl Secret) -> Result<String, Denial> {
        self.try_hash(password.reveal().as_bytes())
            .map_err(|cause| {
                error!(%cause, "cannot hash a password");
                Denial::new(DenyCode::Unavailable)
            })
    }

    fn verify(&mut self, stored: Option<&str>, password: &impl Secret) -> Verified {
        // The name is unknown, but hash anyway: answering at once would tell
        // anyone with a stopwatch which names have accounts.
        let against = stored.map_or_else(|| self.dummy_hash(), str::to_owned);
        let matches = self.matches(&against, password).unwrap_or_else(|cause| {
            error!(%cause, "a stored password hash cannot be read; its account cannot log in");
            false
        });
        if stored.is_none() || !matches {
            return Verified {
                valid: false,
                rehashed: None,
            };
        }
        let rehashed = if self.is_current(&against) {
            None
        } else {
            self.hash(password).ok()
        };
        Verified {
            valid: true,
            rehashed,
        }
    }

    fn try_hash(&mut self, password: &[u8]) -> HashResult<String> {
        let salt = Salt::generate();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let output = self.output(&argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Whether `stored` is the hash of `password`, by its own parameters.
    fn matches(&mut self, stored: &str, password: &impl Secret) -> HashResult<bool> {
        let hash = PasswordHash::new(stored)?;
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
            return Ok(false);
        };
        let version = hash
            .version
            .map(Version::try_from)
            .transpose()?
            .unwrap_or_default();
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let params = Params::try_from(&hash)?;
        // A damaged database must not make the server ask for terabytes.
        if params.block_count() > MOST_BLOCKS.max(self.params.block_count()) {
            return Err(argon2::Error::MemoryTooMuch.into());
        }
        let argon2 = Argon2::new(algorithm, version, params);
        let output = self.output(&argon2, password.reveal().as_bytes(), &salt, expected.len())?;
        // Compares in constant time.
        Ok(output == expected)
    }

    fn output(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &Salt,
        bytes: usize,
    ) -> HashResult<Output> {
        let blocks = argon2.params().block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::default());
        }
        let mut output = [0; Output::MAX_LENGTH];
        let output = &mut output[..bytes];
        let memory = &mut self.memory[..blocks];
        argon2.hash_password_into_with_memory(password, salt, output, memory)?;
        Ok(Output::new(output)?)
    }

    /// Whether a hash was made with today's parameters.
    fn is_current(&self, stored: &str) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let stored = PasswordHash::new(stored).ok();
        let theirs = stored.and_then(|hash| Params::try_from(&hash).ok());
        theirs.is_some_and(|theirs| cost(&theirs) == cost(&self.params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    fn pool(queue: usize) -> Passwords {
        let config = Config::with(|config| {
            config.hashing.threads = Some(1);
            config.hashing.queue = queue;
            config.hashing.cost = HashCost::FOR_TESTS;
        });
        Passwords::start(&config, Arc::default()).unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let pool = pool(4);
        let hash = pool.hash(password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        let right = pool
            .verify(Some(hash.clone()), password("correct horse"))
            .await
            .unwrap();
        assert_eq!(
            right,
            Verified {
                valid: true,
                rehashed: None
            }
        );
        assert!(
            !pool
                .verify(Some(hash), password("wrong horse"))
                .await
                .unwrap()
                .valid
        );
        assert!(
            !pool
                .verify(None, password("no account has this hash"))
                .await
                .unwrap()
                .valid
        );
    }

    #[tokio::test]
    async fn one_password_never_hashes_the_same_twice() {
        let pool = pool(4);
        let first = pool.hash(password("correct horse")).await.unwrap();
        let second = pool.hash(password("correct horse")).await.unwrap();
        assert_ne!(first, second);
    }

    #[tokio::test]
    async fn a_hash_of_lower_cost_is_made_anew_at_login() {
        let old = pool(4).hash(password("correct horse")).await.unwrap();
        let config = Config::with(|config| {
            config.hashing.cost = HashCost {
                memory_kib: 16,
                ..HashCost::FOR_TESTS
            };
        });
        let raised = Passwords::start(&config, Arc::default()).unwrap();
        let verified = raised
            .verify(Some(old), password("correct horse"))
            .await
            .unwrap();
        let new = verified.rehashed.unwrap();
        assert!(new.contains("m=16,"), "{new}");
        assert!(
            raised
                .verify(Some(new), password("correct horse"))
                .await
                .unwrap()
                .valid
        );
    }

    #[tokio::test]
    async fn a_damaged_hash_is_no_match_and_no_harm() {
        let pool = pool(4);
        let good = pool.hash(password("correct horse")).await.unwrap();
        let damaged = [
            good.replace("m=8,", "m=4294967295,"),
            good.replace("argon2id", "argon9"),
            good[..good.len() / 2].to_owned(),
            String::new(),
        ];
        for hash in damaged {
            let verified = pool
                .verify(Some(hash), password("correct horse"))
                .await
                .unwrap();
            assert!(!verified.valid);
        }
        assert!(
            pool.verify(Some(good), password("correct horse"))
                .await
                .unwrap()
                .valid
        );
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_with_a_time_to_come_back() {
        let pool = pool(1);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let blocker = pool.submit(move |_| {
            let _ = started.send(());
            let _ = held.recv();
        });
        let waiting = async {
            has_started.await.unwrap();
            let second = pool.hash(password("correct horse"));
            let third = async {
                let refused = pool.hash(password("correct horse")).await;
                drop(hold);
                refused
            };
            tokio::join!(second, third)
        };
        let (_, (second, third)) = tokio::join!(blocker, waiting);
        assert!(second.is_ok());
        let denial = third.unwrap_err();
        assert_eq!(denial.code, DenyCode::Busy);
        assert!(denial.retry_after_ms.unwrap() >= 250);
    }
}
