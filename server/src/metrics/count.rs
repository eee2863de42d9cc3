//! Counters that many threads add to.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// So many threads count apart from each other. More share.
const SPREAD: usize = 16;

/// A number that only grows.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        // Nobody concludes anything from it about anything else.
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A [`Counter`] for what happens very often and on all threads: each adds to a place of
/// its own, so that they do not take a cache line from each other all the time.
#[derive(Default)]
pub(crate) struct Spread([Place; SPREAD]);

/// Two cache lines: processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Place(Counter);

impl Spread {
    pub(crate) fn add(&self, count: u64) {
        self.0[place()].0.add(count);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.iter().map(|place| place.0.get()).sum()
    }
}

/// Which place this thread adds to.
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PLACE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    PLACE.with(|place| {
        place.get().unwrap_or_else(|| {
            let chosen = NEXT.fetch_add(1, Ordering::Relaxed) % SPREAD;
            place.set(Some(chosen));
            chosen
        })
    })
}

/// A counter for each of a few names that are known from the start.
pub(crate) struct PerName(Box<[(&'static str, Counter)]>);

impl PerName {
    pub(crate) fn of(names: impl Iterator<Item = &'static str>) -> Self {
        Self(names.map(|name| (name, Counter::default())).collect())
    }

    /// Adds to the count of a name; false if there is none for it.
    pub(crate) fn add(&self, name: &str, count: u64) -> bool {
        let found = self.0.iter().find(|(known, _)| *known == name);
        if let Some((_, counter)) = found {
            counter.add(count);
        }
        found.is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, counter)| (*name, counter.get()))
    }
}

/// How often something was how large.
pub(crate) struct Histogram {
    /// The largest value of each bucket but the last, which has no end.
    bounds: &'static [u64],
    /// Values are divided by it when they are shown.
    per_unit: f64,
    buckets: Box<[Counter]>,
    sum: Counter,
}

/// What a [`Histogram`] has counted, in the unit that is shown.
pub(crate) struct Counted {
    /// The bound of each bucket, and how many values are within it.
    pub(crate) within: Vec<(f64, u64)>,
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

impl Histogram {
    /// Of times, with bounds in microseconds; shown in seconds.
    pub(crate) fn of_times(bounds: &'static [u64]) -> Self {
        Self::of(bounds, 1_000_000.0)
    }

    /// Of plain numbers.
    pub(crate) fn of_counts(bounds: &'static [u64]) -> Self {
        Self::of(bounds, 1.0)
    }

    fn of(bounds: &'static [u64], per_unit: f64) -> Self {
        Self {
            bounds,
            per_unit,
            buckets: (0..=bounds.len()).map(|_| Counter::default()).collect(),
            sum: Counter::default(),
        }
    }

    pub(crate) fn observe(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.buckets[bucket].add(1);
        self.sum.add(value);
    }

    pub(crate) fn observe_time(&self, time: Duration) {
        self.observe(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn counted(&self) -> Counted {
        let mut count = 0;
        let mut within = Vec::with_capacity(self.bounds.len());
        for (bound, bucket) in self.bounds.iter().zip(&self.buckets) {
            count += bucket.get();
            within.push((*bound as f64 / self.per_unit, count));
        }
        count += self.buckets.last().map_or(0, Counter::get);
        Counted {
            within,
            sum: self.sum.get() as f64 / self.per_unit,
            count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_count_is_counted_whole() {
        let spread = Spread::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * SPREAD {
                scope.spawn(|| (0..1000).for_each(|_| spread.add(3)));
            }
        });
        assert_eq!(spread.get(), 2 * SPREAD as u64 * 3000);
    }

    #[test]
    fn a_value_on_a_bound_is_within_it() {
        let histogram = Histogram::of_times(&[1000, 2000]);
        for micros in [0, 1000, 1001, 2000, 2001, 9000] {
            histogram.observe_time(Duration::from_micros(micros));
        }
        let counted = histogram.counted();
        assert_eq!(counted.within, [(0.001, 2), (0.002, 4)]);
        assert_eq!(counted.count, 6);
        assert!((counted.sum - 0.015_002).abs() < 1e-9);
    }

    #[test]
    fn a_name_that_is_not_known_is_not_counted() {
        let names = PerName::of(["one", "two"].into_iter());
        assert!(names.add("two", 5));
        assert!(!names.add("three", 5));
        assert_eq!(names.iter().collect::<Vec<_>>(), [("one", 0), ("two", 5)]);
    }
}
