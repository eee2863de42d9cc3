//! `lines.id`, and what `lines.kind` holds.

pub(super) use crate::store::sql::{count, number, seq};

/// The lowest bits of an id are the line's number in its log, the others the log.
const SEQ_BITS: u32 = 36;
/// The greatest number a log can give; the database sees to that.
pub(super) const MAX_SEQ: i64 = (1 << SEQ_BITS) - 1;
/// Lines are found by their line ids among so many numbers of a log at a time.
const ERA_BITS: u32 = 18;

pub(super) const SAID: i16 = 0;
pub(super) const DELETED: i16 = 1;
pub(super) const EDIT: i16 = 2;
pub(super) const DELETION: i16 = 3;
pub(super) const SYSTEM: i16 = 4;

/// The id of a line.
pub(super) fn line_key(log: i64, seq: i64) -> i64 {
    (log << SEQ_BITS) | seq
}

/// The number of the line with this id.
pub(super) fn seq_of(key: i64) -> i64 {
    key & MAX_SEQ
}

/// The newest era of a log that has given this number, and the one before: in these two
/// a line that is said again is looked for, at least 262,144 lines back.
pub(super) fn eras(log: i64, last_seq: i64) -> impl Iterator<Item = i64> {
    let newest = line_key(log, last_seq) >> ERA_BITS;
    let before = (last_seq >> ERA_BITS > 0).then_some(newest - 1);
    (last_seq > 0).then_some(newest).into_iter().chain(before)
}
