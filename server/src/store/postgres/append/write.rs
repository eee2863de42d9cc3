//! Writing what has come of a batch.

use postgres::Error;
use postgres::types::Type;

use super::super::transaction::Transaction;
use super::batch::{Batch, Row};

/// Writes all of it.
pub(super) fn write(db: &mut Transaction<'_>, batch: &Batch) -> Result<(), Error> {
    change(db, batch)?;
    let moved_inboxes = batch.facts.inboxes.all();
    let (owners, delivered): (Vec<i64>, Vec<i64>) = moved_inboxes
        .filter(|(_, inbox)| inbox.is_moved)
        .map(|(owner, inbox)| (owner, inbox.delivered_seq))
        .unzip();
    if !owners.is_empty() {
        db.change(DELIVERED, &[&owners, &delivered])?;
    }
    if batch.rows.is_empty() {
        return Ok(());
    }
    let channels = batch.moved.iter().map(|log| (*log, batch.last_seq(*log)));
    let inboxes = batch.facts.inboxes.all();
    let inboxes = inboxes.map(|(_, inbox)| (inbox.log, inbox.last_seq));
    let (logs, last_seqs): (Vec<i64>, Vec<i64>) = channels.chain(inboxes).unzip();
    insert(db, &batch.rows, &logs, &last_seqs)
}

/// Changes lines that were there before.
fn change(db: &mut Transaction<'_>, batch: &Batch) -> Result<(), Error> {
    if batch.changed.is_empty() {
        return Ok(());
    }
    let keys: Vec<i64> = batch.changed.keys().copied().collect();
    let changed: Vec<_> = batch.changed.values().collect();
    let kinds: Vec<i16> = changed.iter().map(|changed| changed.kind).collect();
    let edited: Vec<Option<i64>> = changed.iter().map(|changed| changed.edited_at_ms).collect();
    let texts: Vec<&str> = changed.iter().map(|changed| &*changed.text).collect();
    db.change(CHANGE, &[&keys, &kinds, &edited, &texts])?;
    if !batch.deleted.is_empty() {
        db.change(FORGET_EDITS, &[&batch.deleted])?;
    }
    Ok(())
}

/// Inserts rows and moves the logs on.
fn insert(
    db: &mut Transaction<'_>,
    rows: &[Row],
    logs: &[i64],
    last_seqs: &[i64],
) -> Result<(), Error> {
    if rows.len() < WORTH_A_COPY {
        return insert_few(db, rows, logs, last_seqs);
    }
    db.change(MOVE, &[&logs, &last_seqs])?;
    db.copy_in(COPY, &COPIED, |writer| {
        for row in rows {
            writer.write(&[
                &row.key,
                &row.sender,
                &row.sent_at_ms,
                &row.line_id,
                &row.edited_at_ms,
                &row.of_key,
                &row.peer,
                &row.peer_seq,
                &row.kind,
                &row.said_hash,
                &row.text,
            ])?;
        }
        Ok(())
    })
}

/// The same in one statement: one wait for the database in place of three.
fn insert_few(
    db: &mut Transaction<'_>,
    rows: &[Row],
    logs: &[i64],
    last_seqs: &[i64],
) -> Result<(), Error> {
    let keys: Vec<i64> = rows.iter().map(|row| row.key).collect();
    let senders: Vec<i64> = rows.iter().map(|row| row.sender).collect();
    let sent: Vec<i64> = rows.iter().map(|row| row.sent_at_ms).collect();
    let line_ids: Vec<Option<i64>> = rows.iter().map(|row| row.line_id).collect();
    let edited: Vec<Option<i64>> = rows.iter().map(|row| row.edited_at_ms).collect();
    let of_keys: Vec<Option<i64>> = rows.iter().map(|row| row.of_key).collect();
    let peers: Vec<Option<i64>> = rows.iter().map(|row| row.peer).collect();
    let peer_seqs: Vec<Option<i64>> = rows.iter().map(|row| row.peer_seq).collect();
    let kinds: Vec<i16> = rows.iter().map(|row| row.kind).collect();
    let hashes: Vec<Option<i16>> = rows.iter().map(|row| row.said_hash).collect();
    let texts: Vec<&str> = rows.iter().map(|row| &*row.text).collect();
    db.change(
        INSERT,
        &[
            &logs, &last_seqs, &keys, &senders, &sent, &line_ids, &edited, &of_keys, &peers,
            &peer_seqs, &kinds, &hashes, &texts,
        ],
    )?;
    Ok(())
}

/// So many rows are copied.
const WORTH_A_COPY: usize = 64;

const MOVE: &str = "UPDATE logs SET last_seq = given.last_seq
    FROM unnest($1::bigint[], $2::bigint[]) AS given (id, last_seq)
    WHERE logs.id = given.id AND logs.last_seq < given.last_seq";

const COPY: &str = "COPY lines (id, sender_id, sent_at_ms, line_id, edited_at_ms, of_id,
        peer_id, peer_seq, kind, said_hash, text)
    FROM STDIN (FORMAT binary)";

const COPIED: [Type; 11] = [
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT2,
    Type::INT2,
    Type::TEXT,
];

const INSERT: &str = "WITH moved AS
        (UPDATE logs SET last_seq = given.last_seq
         FROM unnest($1::bigint[], $2::bigint[]) AS given (id, last_seq)
         WHERE logs.id = given.id AND logs.last_seq < given.last_seq)
    INSERT INTO lines (id, sender_id, sent_at_ms, line_id, edited_at_ms, of_id, peer_id,
                       peer_seq, kind, said_hash, text)
    SELECT * FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                         $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
                         $11::smallint[], $12::smallint[], $13::text[])";

const DELIVERED: &str = "UPDATE inboxes SET delivered_seq = given.seq
    FROM unnest($1::bigint[], $2::bigint[]) AS given (user_id, seq)
    WHERE inboxes.user_id = given.user_id";

/// The hash stays that of the first text: see `said_hash` in `facts.rs`.
const CHANGE: &str = "UPDATE lines
    SET said_hash = CASE WHEN lines.line_id IS NOT NULL
            THEN coalesce(lines.said_hash,
                          get_byte(sha256(convert_to(lines.text, 'UTF8')), 0)) END,
        kind = given.kind, edited_at_ms = given.edited_at_ms, text = given.text
    FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::text[])
        AS given (id, kind, edited_at_ms, text)
    WHERE lines.id = given.id";

const FORGET_EDITS: &str = "UPDATE lines SET text = '', kind = 3
    WHERE of_id = ANY ($1) AND of_id IS NOT NULL";
