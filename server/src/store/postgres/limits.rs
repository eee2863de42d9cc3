//! Limits that all servers of a database keep together, by the database's clock.

use std::time::Duration;

use super::error::Error;
use super::transaction::Transaction;
use crate::store::{LimitKey, SharedLimit};

/// Counts a try, or says how long to wait. `excluded.full_at` is when a key without any
/// other try is back to its full allowance: now and one interval.
///
/// One statement, so that the lock on the key's row orders all tries, whichever server
/// they are from. A row that is farther ahead than its limit allows, as after the
/// database's clock or the limit was changed, counts as one without a try left.
const TAKE: &str = "
    INSERT INTO limits AS held (key, full_at, wait)
    VALUES ($1, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) + $2, 0)
    ON CONFLICT (key) DO UPDATE SET (full_at, wait) = (
        SELECT
            CASE WHEN next <= latest THEN next ELSE least(held.full_at, latest) END,
            greatest(least(next - latest, $2), 0)
        FROM (SELECT
            greatest(held.full_at + $2, excluded.full_at) AS next,
            excluded.full_at + $3 AS latest
        ) AS bounds
    )
    RETURNING wait";

/// Forgets keys of one page that are back to their full allowance, unless another server
/// is at it. Returns the page's last key.
const DROP_IDLE: &str = "
    WITH page AS MATERIALIZED (
        SELECT key FROM limits
        WHERE (SELECT pg_try_advisory_xact_lock($3, 0)) AND key > $1
        ORDER BY key LIMIT $2
    ), dropped AS (
        DELETE FROM limits USING page
        WHERE limits.key = page.key
            AND full_at <= extract(epoch FROM statement_timestamp()) * 1000000
    )
    SELECT key FROM page ORDER BY key DESC LIMIT 1";

/// Keys in one step of forgetting: few enough that a try never waits long for it.
const PAGE: i64 = 1000;
/// Says which advisory lock it is: of the one who forgets.
const DROP_IDLE_LOCK: i32 = 0x4C48_0002;

/// Counts a try against a limit, or says how long to wait for the next one; it is not
/// counted then. Others wait until the transaction ends.
pub(super) fn take(
    db: &mut Transaction<'_>,
    limit: SharedLimit,
) -> Result<Option<Duration>, Error> {
    let interval = limit.interval.as_micros();
    let ahead = interval.saturating_mul(u128::from(limit.burst.get() - 1));
    let (key, interval, ahead) = (&limit.key.0[..], micros(interval), micros(ahead));
    let wait = db.first(TAKE, &[&key, &interval, &ahead])?;
    let wait: i64 = wait.map_or(Ok(0), |row| row.try_get(0))?;
    let wait = u64::try_from(wait).unwrap_or(0);
    Ok((wait > 0).then(|| Duration::from_micros(wait)))
}

/// Goes through the keys behind one, in their order, and forgets some that are back to
/// their full allowance. Returns behind which key to go on; `None` at the end.
pub(super) fn drop_idle(
    db: &mut Transaction<'_>,
    after: Option<LimitKey>,
) -> Result<Option<LimitKey>, Error> {
    let after = after.as_ref().map_or(&[][..], |key| &key.0[..]);
    let last = db.first(DROP_IDLE, &[&after, &PAGE, &DROP_IDLE_LOCK])?;
    let last = last.map(|row| row.try_get::<_, Vec<u8>>(0)).transpose()?;
    Ok(last.and_then(|key| key.try_into().ok()).map(LimitKey))
}

fn micros(micros: u128) -> i64 {
    // Half of it at most: two are added up.
    i64::try_from(micros).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::thread;

    use postgres::Client;

    use super::super::address::Address;
    use super::super::tests;
    use super::super::transaction::{Purpose, Statements};
    use super::*;

    const SCHEMA: &str = include_str!("schema/0002_limits.sql");
    const SECOND: Duration = Duration::from_secs(1);

    /// A database with nothing but the limits.
    fn database() -> Address {
        let address = Address::parse(&tests::database()).unwrap();
        address.connect().unwrap().batch_execute(SCHEMA).unwrap();
        address
    }

    /// Does something in a transaction.
    fn within<T>(db: &mut Client, act: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error>) -> T {
        let statements = &mut Statements::default();
        let mut begun = Transaction::begin(db, statements, Purpose::Change).unwrap();
        let done = act(&mut begun).unwrap();
        begun.commit().unwrap();
        done
    }

    fn limit(name: &str, interval: Duration, burst: u32) -> SharedLimit {
        SharedLimit {
            key: LimitKey::new(name, &[]),
            interval,
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    fn take(db: &mut Client, limit: SharedLimit) -> Option<Duration> {
        within(db, |db| super::take(db, limit))
    }

    fn drop_idle(db: &mut Client, after: Option<LimitKey>) -> Option<LimitKey> {
        within(db, |db| super::drop_idle(db, after))
    }

    /// As if so much time had passed.
    fn pass(db: &mut Client, time: Duration) {
        let time = micros(time.as_micros());
        let sql = "UPDATE limits SET full_at = full_at - $1";
        db.execute(sql, &[&time]).unwrap();
    }

    fn keys(db: &mut Client) -> i64 {
        let counted = db.query_one("SELECT count(*) FROM limits", &[]);
        counted.unwrap().get(0)
    }

    #[test]
    fn many_at_once_get_no_more_than_there_is_and_no_less() {
        let database = database();
        let (hour, names) = (SECOND * 3600, ["ada", "bob", "eve"]);
        let counted = thread::scope(|scope| {
            let tries = || {
                let mut db = database.connect().unwrap();
                let mut counted = [0; 3];
                for _ in 0..20 {
                    for (name, counted) in names.iter().zip(&mut counted) {
                        let limit = limit(name, hour, 30);
                        let wait = take(&mut db, limit);
                        *counted += u32::from(wait.is_none());
                        assert!(wait.is_none_or(|wait| wait <= hour), "{wait:?}");
                    }
                }
                counted
            };
            let threads: Vec<_> = (0..12).map(|_| scope.spawn(tries)).collect();
            threads.into_iter().fold([0; 3], |all, thread| {
                let more = thread.join().unwrap();
                [0, 1, 2].map(|at| all[at] + more[at])
            })
        });
        assert_eq!(counted, [30; 3]);
    }

    #[test]
    fn it_is_counted_as_in_the_memory_of_a_server() {
        let database = database();
        let db = &mut database.connect().unwrap();
        let random = &mut fastrand::Rng::with_seed(1);
        // So long that a slow test does not matter, and so are the steps.
        let limit = limit("ada", SECOND * 10_000, 3);
        let (mut now, mut full_at, mut denied) = (Duration::ZERO, Duration::ZERO, 0);
        for _ in 0..200 {
            let step = SECOND * 3000 * random.u32(0..5) + SECOND * 1000;
            pass(db, step);
            now += step;
            let model = limit.count(full_at, now).map(|next| full_at = next).err();
            let wait = take(db, limit);
            assert_eq!(wait.is_some(), model.is_some(), "{wait:?}, not {model:?}");
            let early = model
                .unwrap_or_default()
                .saturating_sub(wait.unwrap_or_default());
            assert!(early < SECOND * 500, "{wait:?}, not {model:?}");
            denied += u32::from(wait.is_some());
        }
        assert!((20..180).contains(&denied), "{denied}");
    }

    #[test]
    fn neither_a_clock_set_back_nor_a_stricter_limit_keeps_anybody_waiting_for_long() {
        let database = database();
        let db = &mut database.connect().unwrap();
        let ada = |burst| limit("ada", SECOND * 60, burst);
        assert_eq!(take(db, ada(10)), None);
        db.execute("UPDATE limits SET full_at = full_at + 1000000000000", &[])
            .unwrap();
        let wait = take(db, ada(10));
        assert!(wait.is_some_and(|wait| wait <= SECOND * 60), "{wait:?}");
        pass(db, SECOND * 61);
        assert_eq!(take(db, ada(10)), None);
        let wait = take(db, ada(1));
        assert!(wait.is_some_and(|wait| wait <= SECOND * 60), "{wait:?}");
        pass(db, SECOND * 61);
        assert_eq!(take(db, ada(1)), None);
    }

    #[test]
    fn keys_back_to_their_full_allowance_are_forgotten_and_no_others() {
        let database = database();
        let db = &mut database.connect().unwrap();
        for number in 0..2500 {
            let interval = SECOND * if number % 5 == 0 { 10_000 } else { 10 };
            let name = format!("{number}");
            assert_eq!(take(db, limit(&name, interval, 1)), None);
        }
        pass(db, SECOND * 1000);
        let other = &mut database.connect().unwrap();
        let mut theirs = other.transaction().unwrap();
        let sql = "SELECT pg_try_advisory_xact_lock($1, 0)";
        theirs.query_one(sql, &[&DROP_IDLE_LOCK]).unwrap();
        assert_eq!(drop_idle(db, None), None);
        assert_eq!(keys(db), 2500);
        drop(theirs);

        let (mut after, mut steps) = (None, 0);
        loop {
            after = drop_idle(db, after);
            steps += 1;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((keys(db), steps), (500, 4));
        for number in 0..10 {
            let name = format!("{number}");
            let wait = take(db, limit(&name, SECOND * 10_000, 1));
            assert_eq!(wait.is_some(), number % 5 == 0, "{number}");
        }
    }
}
