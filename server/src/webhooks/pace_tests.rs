//! How often an event is told again, and when it is given up.

use std::sync::MutexGuard;

use futures_util::FutureExt;

use super::*;

/// A back end that is away until some time, in seconds. No time passes but by waiting.
#[derive(Clone)]
struct BackEnd(Arc<Mutex<State>>);

struct State {
    start: Instant,
    now: Instant,
    away_until: u64,
    /// The name of each event that was told, and the second in which it was.
    tries: Vec<(String, u64)>,
}

impl BackEnd {
    fn new() -> Self {
        let start = Instant::now();
        Self(Arc::new(Mutex::new(State {
            start,
            now: start,
            away_until: 0,
            tries: Vec::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The seconds in which this event was told.
    fn tries(&self, name: &str) -> Vec<u64> {
        let state = self.state();
        let of_it = state.tries.iter().filter(|(told, _)| told == name);
        of_it.map(|(_, second)| *second).collect()
    }
}

impl Receiver for BackEnd {
    async fn take(&self, id: &str, _: &str) -> Result<(), SendError> {
        let mut state = self.state();
        let second = (state.now - state.start).as_secs();
        state.tries.push((id.to_owned(), second));
        match second < state.away_until {
            true => Err(SendError::Unsound),
            false => Ok(()),
        }
    }

    async fn wait(&self, pause: Duration) {
        self.state().now += pause;
    }

    fn now(&self) -> Instant {
        self.state().now
    }
}

fn queue() -> Arc<Queue> {
    Arc::new(Queue {
        events: Vec::new(),
        waiting: Mutex::default(),
        changed: Notify::new(),
    })
}

fn note(name: &str, since: Instant) -> Note {
    Note {
        id: name.to_owned(),
        body: String::new(),
        since,
    }
}

/// How many wait, and how many were dropped.
fn counts(queue: &Queue) -> (usize, u64) {
    let waiting = queue.lock();
    (waiting.notes.len(), waiting.dropped)
}

#[test]
fn an_event_is_tried_less_and_less_often_for_an_hour_and_the_next_one_soon_again() {
    let (queue, back_end) = (queue(), BackEnd::new());
    let start = back_end.now();
    queue.push(note("ada", start));
    queue.push(note("bob", start + Duration::from_secs(50 * 60)));
    back_end.state().away_until = 4600;
    // Until nothing waits any more.
    let mut telling = std::pin::pin!(tell(Arc::clone(&queue), back_end.clone()));
    assert!(telling.as_mut().now_or_never().is_none());
    let growing = [0, 2, 6, 14, 30, 62, 126, 254, 510, 1022];
    let every_ten_minutes = [1622, 2222, 2822, 3422];
    assert_eq!(
        back_end.tries("ada"),
        [&growing[..], &every_ten_minutes].concat()
    );
    // The one is given up after an hour; the other one behind it is not yet so old.
    assert_eq!(back_end.tries("bob"), [4022, 4622]);
    assert_eq!(counts(&queue), (0, 1));
    // As it takes them again, all begins anew.
    back_end.state().away_until = 4630;
    queue.push(note("eve", back_end.now()));
    assert!(telling.as_mut().now_or_never().is_none());
    assert_eq!(back_end.tries("eve"), [4622, 4624, 4628, 4636]);
    assert_eq!(counts(&queue), (0, 1));
}

#[test]
fn what_was_dropped_while_it_was_told_takes_no_other_with_it() {
    let (queue, now) = (queue(), Instant::now());
    queue.push(note("first", now));
    let (first, ..) = queue.next().now_or_never().unwrap();
    for number in 0..MOST_WAITING {
        queue.push(note(&number.to_string(), now));
    }
    queue.done(&first, true);
    assert_eq!(counts(&queue), (MOST_WAITING, 1));
    assert_eq!(queue.next().now_or_never().unwrap().0, "0");
}
