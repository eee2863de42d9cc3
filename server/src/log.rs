//! The log on standard error, which nobody ever waits for.
//!
//! A line goes into a bounded queue, and a thread of its own writes it. So neither a
//! full disk, nor a pipe whose reader died, nor one whose reader is stuck holds up a
//! player. A line for which there is no room, or which cannot be written, is lost and
//! counted. The log says how many as soon as it can be written again.

mod format;

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;

pub use format::Format;

/// Most bytes that wait to be written. Lines beyond are lost.
const MAX_WAITING_BYTES: usize = 1024 * 1024;
/// How long the end of the program waits for the log.
const FINISH_TIMEOUT: Duration = Duration::from_secs(1);
/// Between tries to say how many lines were lost, while nothing else is said.
const RETRY_PAUSE: Duration = Duration::from_secs(2);
/// Between tries on a pipe that its other end has made non-blocking and that is full.
const FULL_PIPE_PAUSE: Duration = Duration::from_millis(20);

/// The log of this program, once it was started.
static LOG: OnceLock<Log> = OnceLock::new();
/// See [`panics`].
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Takes lines and writes them to standard error, from a thread of its own.
#[derive(Clone, Debug)]
pub struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something waits to be written, or the program ends.
    wake: Condvar,
    /// All that waited was tried.
    idle: Condvar,
    /// Lines lost so far.
    lost: AtomicU64,
    /// Whether lines are for programs.
    is_json: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Entry>,
    waiting_bytes: usize,
    /// Lost behind the last line that waits.
    lost: u64,
    /// Somebody waits in [`Log::finish`].
    is_finishing: bool,
}

#[derive(Debug)]
struct Entry {
    /// Lines that were lost right before this one.
    lost_before: u64,
    line: Vec<u8>,
}

impl Log {
    /// Starts the log on standard error.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn start() -> io::Result<Self> {
        let log = Self::onto(io::stderr())?;
        Ok(LOG.get_or_init(|| log).clone())
    }

    /// Has all lines from now on look so.
    pub fn set_format(&self, format: Format) {
        let is_json = format == Format::Json;
        self.0.is_json.store(is_json, Ordering::Relaxed);
    }

    /// Takes the program's events of these levels from now on, and its panics.
    ///
    /// # Errors
    /// When they are no levels.
    pub fn take_events(&self, levels: &str) -> Result<(), ParseError> {
        let events = tracing_subscriber::fmt()
            .with_env_filter(filter(levels)?)
            .with_writer(self.clone())
            // Its word about itself would go to standard error, and panic
            // where that cannot be written.
            .log_internal_errors(false);
        match self.0.format() {
            Format::Text => events.with_ansi(takes_colours()).init(),
            Format::Json => events.json().init(),
        }
        hear_panics();
        Ok(())
    }

    fn onto(file: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let for_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&for_thread, Sink::new(file)))?;
        Ok(Self(shared))
    }

    /// Puts a line, with its end, into the queue. Never waits for the disk.
    pub fn write_line(&self, line: impl Into<Vec<u8>>) {
        let line = line.into();
        let mut state = self.0.lock();
        if state.waiting_bytes + line.len() > MAX_WAITING_BYTES {
            state.lost += 1;
            self.0.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.waiting_bytes += line.len();
        let lost_before = std::mem::take(&mut state.lost);
        state.waiting.push_back(Entry { lost_before, line });
        drop(state);
        self.0.wake.notify_one();
    }

    /// Says why the program ends.
    pub fn write_fault(&self, text: &str) {
        self.write_line(self.0.format().fault(text));
    }

    /// Waits until all lines are written, but no longer than a second: a log that takes
    /// nothing shall not keep the program from ending.
    fn finish(&self) {
        let until = Instant::now() + FINISH_TIMEOUT;
        let mut state = self.0.lock();
        state.is_finishing = true;
        self.0.wake.notify_one();
        while state.is_finishing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.idle.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Whether these are levels that [`Log::take_events`] takes.
///
/// # Errors
/// When they are none.
pub fn check_levels(levels: &str) -> Result<(), ParseError> {
    filter(levels).map(drop)
}

/// Has panics counted, and told in the log: standard error itself would be waited for.
fn hear_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        error!("{}", panic.to_string().replace('\n', " "));
    }));
}

/// Panics of this program so far, on whatever thread, caught or not.
pub(crate) fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Lines that the log of this program did not take or could not write so far.
pub(crate) fn lost_lines() -> u64 {
    LOG.get()
        .map_or(0, |log| log.0.lost.load(Ordering::Relaxed))
}

/// The operator's levels. The crate of the bus tells of itself in its own words, unless
/// it is asked for by name.
fn filter(levels: &str) -> Result<EnvFilter, ParseError> {
    let filter = EnvFilter::try_new(levels)?;
    match levels.contains("async_nats") {
        true => Ok(filter),
        false => Ok(filter.add_directive("async_nats=off".parse()?)),
    }
}

/// Waits until the log is written, at most a second. To be called right before the
/// process ends; without [`Log::start`] there is nothing to wait for.
pub fn finish() {
    if let Some(log) = LOG.get() {
        log.finish();
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(self)
    }
}

/// Takes each piece of text it is given as one line.
#[derive(Debug)]
pub struct LineWriter<'a>(&'a Log);

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_line(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn format(&self) -> Format {
        match self.is_json.load(Ordering::Relaxed) {
            true => Format::Json,
            false => Format::Text,
        }
    }

    /// The next thing to write; `None` when it is time to tell of lost lines, with no
    /// line to follow them.
    fn next(&self, is_behind: bool) -> Option<Entry> {
        let mut state = self.lock();
        loop {
            if let Some(entry) = state.waiting.pop_front() {
                state.waiting_bytes -= entry.line.len();
                return Some(entry);
            }
            if state.lost > 0 {
                let lost_before = std::mem::take(&mut state.lost);
                let line = Vec::new();
                return Some(Entry { lost_before, line });
            }
            if state.is_finishing {
                state.is_finishing = false;
                self.idle.notify_all();
            }
            if is_behind {
                let waited = self.wake.wait_timeout(state, RETRY_PAUSE);
                let (again, time) = waited.unwrap_or_else(PoisonError::into_inner);
                state = again;
                if time.timed_out() || state.is_finishing {
                    return None;
                }
            } else {
                let waited = self.wake.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

/// The thread's work: as long as the program runs.
fn write_all<W: Write>(shared: &Shared, mut sink: Sink<W>) {
    loop {
        sink.format = shared.format();
        match shared.next(sink.lost > 0) {
            Some(entry) => {
                let is_written = sink.take(&entry);
                shared
                    .lost
                    .fetch_add(u64::from(!is_written), Ordering::Relaxed);
            }
            None => {
                sink.tell_lost();
            }
        }
    }
}

/// Whether standard error is a terminal that understands colours. The console of Windows
/// has to be told that some are coming, and would show their codes otherwise.
fn takes_colours() -> bool {
    io::stderr().is_terminal() && anstyle_query::windows::enable_ansi_colors() != Some(false)
}

/// The file, pipe or terminal, and how many lines it did not take.
struct Sink<W> {
    file: W,
    format: Format,
    lost: u64,
    /// The last line was cut off, so the next one begins with an end of line.
    is_mid_line: bool,
}

impl<W: Write> Sink<W> {
    fn new(file: W) -> Self {
        Self {
            file,
            format: Format::default(),
            lost: 0,
            is_mid_line: false,
        }
    }

    /// False if there is a line and it is lost.
    fn take(&mut self, entry: &Entry) -> bool {
        self.lost += entry.lost_before;
        let is_written = self.tell_lost() && self.put(&entry.line);
        let is_lost = !is_written && !entry.line.is_empty();
        self.lost += u64::from(is_lost);
        !is_lost
    }

    /// Says how many lines are missing here. True if nothing is left to be said.
    fn tell_lost(&mut self) -> bool {
        if self.lost > 0 && self.put(self.format.missing(self.lost).as_bytes()) {
            self.lost = 0;
        }
        self.lost == 0
    }

    fn put(&mut self, line: &[u8]) -> bool {
        if self.is_mid_line {
            if !self.put_bytes(b"\n") {
                return false;
            }
            self.is_mid_line = false;
        }
        self.put_bytes(line)
    }

    fn put_bytes(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(count @ 1..) => {
                    bytes = bytes.get(count..).unwrap_or_default();
                    self.is_mid_line = !bytes.is_empty();
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                    thread::sleep(FULL_PIPE_PAUSE);
                }
                Ok(0) | Err(_) => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes what a script says, then everything.
    #[derive(Default)]
    struct Fickle {
        script: VecDeque<io::Result<usize>>,
        written: Vec<u8>,
    }

    impl Write for Fickle {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = match self.script.pop_front() {
                Some(answer) => answer?.min(bytes.len()),
                None => bytes.len(),
            };
            self.written.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn full() -> io::Result<usize> {
        Err(ErrorKind::StorageFull.into())
    }

    /// What is in the file after three lines, without the time.
    #[track_caller]
    fn check_written(script: impl IntoIterator<Item = io::Result<usize>>, expected: &[&str]) {
        let mut sink = Sink::new(Fickle {
            script: script.into_iter().collect(),
            written: Vec::new(),
        });
        for line in ["one\n", "two\n", "three\n"] {
            sink.take(&Entry {
                lost_before: 0,
                line: line.into(),
            });
        }
        let written = String::from_utf8(sink.file.written).unwrap();
        let lines: Vec<_> = written
            .lines()
            .map(|line| match line.rsplit_once("lost=") {
                Some((_, count)) => count,
                None => line,
            })
            .collect();
        assert_eq!(lines, expected, "{written}");
    }

    #[test]
    fn what_could_not_be_written_is_counted_and_told_where_it_is_missing() {
        check_written([], &["one", "two", "three"]);
        check_written([full(), full()], &["2", "three"]);
        // The disk is full in the middle of a line: the next begins on one of its own.
        check_written([Ok(2), full()], &["on", "1", "two", "three"]);
        check_written([Ok(2), full(), full()], &["on", "2", "three"]);
        let interrupted = || Err(ErrorKind::Interrupted.into());
        check_written(
            [interrupted(), Ok(1), interrupted()],
            &["one", "two", "three"],
        );
        check_written(
            [Err(ErrorKind::WouldBlock.into())],
            &["one", "two", "three"],
        );
    }

    /// Takes nothing until it is let, as a pipe that nobody reads.
    struct Stuck {
        let_go: std::sync::mpsc::Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // An error means that it was let go for good.
            let _ = self.let_go.recv();
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_nobody_reads_holds_nobody_up_and_says_what_it_lost() {
        let written = Arc::default();
        let (go, let_go) = std::sync::mpsc::channel();
        let log = Log::onto(Stuck {
            let_go,
            written: Arc::clone(&written),
        })
        .unwrap();
        let line = [b'x'; 1023].into_iter().chain([b'\n']).collect::<Vec<_>>();
        let fitting = MAX_WAITING_BYTES / line.len();
        for _ in 0..2 * fitting {
            log.write_line(line.as_slice());
        }
        // Comes back, though nobody reads yet.
        log.finish();
        drop(go);
        while log.0.lock().is_finishing {
            log.finish();
        }
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let count = written.lines().filter(|line| line.starts_with('x')).count();
        // One more fits if the thread has taken the first one by then.
        assert!((fitting..=fitting + 1).contains(&count), "{count}");
        // Told at once, or in two parts if the thread was that late.
        let lost = written.lines().filter_map(|line| line.split_once("lost="));
        let lost: usize = lost.map(|(_, lost)| lost.parse::<usize>().unwrap()).sum();
        assert_eq!(lost, 2 * fitting - count);
    }

    #[test]
    fn a_panic_is_counted_though_it_is_caught() {
        let before = panics();
        let hook = std::panic::take_hook();
        hear_panics();
        let caught = std::panic::catch_unwind(|| panic!("on purpose"));
        std::panic::set_hook(hook);
        assert!(caught.is_err());
        // Other tests may panic on purpose at the same time.
        assert!(panics() > before);
    }
}
