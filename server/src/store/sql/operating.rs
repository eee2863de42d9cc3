//! What an operator asks and changes, beyond what players may.

use longhall_packet::NameKeys;

use super::{
    Db, Engine, Lock, Value, channels, count, holding, members, reads, reports, seq, sessions,
    small,
};
use crate::store::{
    Account, AccountKind, Blanked, ChannelId, Counts, ERASED_HASH, MemberRow, Said, SaidPage,
    SessionId, UserId,
};

/// Lines looked at in one step: some milliseconds of work.
const STEP: i64 = 10_000;

pub(in crate::store) fn counts<D: Db>(db: &mut D, now_ms: i64) -> Result<Counts, D::Error> {
    db.one(
        "SELECT (SELECT count(*) FROM users WHERE password_hash != ?2),
                (SELECT count(*) FROM sessions WHERE expires_at_ms > ?1),
                (SELECT count(*) FROM channels),
                (SELECT count(*) FROM sanctions WHERE until_ms IS NULL OR until_ms > ?1)",
        &[now_ms.into(), ERASED_HASH.into()],
        |row| {
            Ok(Counts {
                accounts: seq(row.int(0)?),
                sessions: seq(row.int(1)?),
                channels: seq(row.int(2)?),
                sanctions: seq(row.int(3)?),
            })
        },
    )
}

macro_rules! select_accounts {
    ($now:literal, $rest:literal) => {
        concat!(
            "SELECT users.id, users.username, users.name_key, users.created_at_ms,
                 (SELECT count(*) FROM sessions
                  WHERE sessions.user_id = users.id AND expires_at_ms > ",
            $now,
            "),
                 coalesce((SELECT max(last_seen_at_ms) FROM sessions
                           WHERE sessions.user_id = users.id AND expires_at_ms > ",
            $now,
            "), 0),
                 coalesce((SELECT due_at_ms FROM deletions
                           WHERE deletions.user_id = users.id), 0), users.account_kind
             FROM users ",
            $rest
        )
    };
}

fn account<E: From<super::NotUnderstood>>(row: &dyn super::Row<E>) -> Result<Account, E> {
    let deleted_at_ms = row.int(6)?;
    Ok(Account {
        user: UserId(row.int(0)?),
        username: row.text(1)?,
        name_key: row.text(2)?,
        created_at_ms: row.int(3)?,
        sessions: small(row.int(4)?)?,
        last_seen_at_ms: row.int(5)?,
        deleted_at_ms: (deleted_at_ms > 0).then_some(deleted_at_ms),
        kind: super::account_kind(row, 7)?,
    })
}

pub(in crate::store) fn accounts<D: Db>(
    db: &mut D,
    part: &str,
    after: &str,
    kind: Option<AccountKind>,
    limit: usize,
    deleting: bool,
    now_ms: i64,
) -> Result<Vec<Account>, D::Error> {
    let part = holding(part);
    db.all(
        select_accounts!(
            "?4",
            "WHERE name_key > ?1 AND name_key LIKE ?2 ESCAPE '!' AND password_hash != ?5
               AND (CAST(?6 AS BIGINT) = 0
                    OR EXISTS (SELECT 1 FROM deletions WHERE deletions.user_id = users.id))
               AND (?7 < 0 OR account_kind = ?7)
             ORDER BY name_key LIMIT ?3"
        ),
        &[
            after.into(),
            (&part).into(),
            count(limit).into(),
            now_ms.into(),
            ERASED_HASH.into(),
            i64::from(deleting).into(),
            kind.map_or(-1, AccountKind::number).into(),
        ],
        account,
    )
}

pub(in crate::store) fn account_by_name<D: Db>(
    db: &mut D,
    name_key: &str,
    now_ms: i64,
) -> Result<Option<Account>, D::Error> {
    db.optional(
        select_accounts!("?2", "WHERE name_key = ?1"),
        &[name_key.into(), now_ms.into()],
        account,
    )
}

pub(in crate::store) fn rename<D: Engine>(
    db: &mut D,
    user: UserId,
    username: &str,
    keys: &NameKeys,
) -> Result<bool, D::Error> {
    db.lock(Lock::UserNames)?;
    let keys: [Value<'_>; 3] = [
        (&keys.name).into(),
        (&keys.look).into(),
        (&keys.capitals).into(),
    ];
    let [name, look, capitals] = keys;
    let is_taken = db.exists(
        "SELECT 1 FROM users
         WHERE id != ?1 AND (name_key = ?2 OR look_key = ?3 OR capitals_key = ?4)",
        &[user.0.into(), name, look, capitals],
    )?;
    if is_taken {
        return Ok(false);
    }
    let changed = db.execute(
        "UPDATE users SET username = ?2, name_key = ?3, look_key = ?4, capitals_key = ?5
         WHERE id = ?1",
        &[user.0.into(), username.into(), name, look, capitals],
    )?;
    Ok(changed > 0)
}

pub(in crate::store) fn replace_password<D: Engine>(
    db: &mut D,
    user: UserId,
    hash: &str,
) -> Result<Vec<SessionId>, D::Error> {
    // A login that comes now has its session before or after that: it is not missed.
    db.lock(Lock::Account(user))?;
    db.execute(
        "UPDATE users SET password_hash = ?2 WHERE id = ?1",
        &[user.0.into(), hash.into()],
    )?;
    // Somebody else may have had the account, and made codes to come back by.
    super::recovery::forget_codes(db, user)?;
    // No session has the number 0.
    sessions::delete(db, user, None, SessionId(0))
}

pub(in crate::store) fn bury<D: Engine>(
    db: &mut D,
    user: UserId,
    username: &str,
) -> Result<(), D::Error> {
    db.lock(Lock::UserNames)?;
    db.lock(Lock::Account(user))?;
    db.execute(
        "UPDATE users SET username = ?2, name_key = ?2, look_key = ?2, capitals_key = ?2,
                          password_hash = ?3, created_at_ms = 0, account_kind = 0
         WHERE id = ?1",
        &[user.0.into(), username.into(), ERASED_HASH.into()],
    )?;
    for sql in [
        "DELETE FROM sessions WHERE user_id = ?1",
        "DELETE FROM places WHERE user_id = ?1",
        "DELETE FROM recovery_codes WHERE user_id = ?1",
        "DELETE FROM second_factors WHERE user_id = ?1",
        "DELETE FROM last_logins WHERE user_id = ?1",
        "DELETE FROM invitations WHERE user_id = ?1 OR by_user_id = ?1",
        "DELETE FROM blocks WHERE user_id = ?1 OR blocked_id = ?1",
        // It has left all channels but its hall.
        "DELETE FROM memberships WHERE user_id = ?1
             AND channel_id IN (SELECT id FROM channels WHERE hall IS NOT NULL)",
        "DELETE FROM channel_reads WHERE user_id = ?1",
        "DELETE FROM whisper_reads WHERE user_id = ?1 OR peer_id = ?1",
        "DELETE FROM sanctions WHERE user_id = ?1",
        "DELETE FROM channel_sanctions WHERE user_id = ?1",
        "DELETE FROM past_sanctions WHERE user_id = ?1",
        "DELETE FROM barred_places WHERE user_id = ?1",
        "DELETE FROM staff WHERE user_id = ?1",
        "DELETE FROM profiles WHERE user_id = ?1",
        "DELETE FROM renames WHERE user_id = ?1",
        "DELETE FROM old_names WHERE user_id = ?1",
    ] {
        db.execute(sql, &[user.0.into()])?;
    }
    reports::bury(db, user)
}

/// The last line of a step behind a line; 0 when there is none.
fn end_of_step<D: Db>(db: &mut D, after: i64) -> Result<i64, D::Error> {
    db.one(
        "SELECT coalesce(max(id), 0) FROM
             (SELECT id FROM lines WHERE id > ?1 ORDER BY id LIMIT ?2) AS step",
        &[after.into(), STEP.into()],
        |row| row.int(0),
    )
}

pub(in crate::store) fn blank_lines<D: Db>(
    db: &mut D,
    user: UserId,
    after: i64,
) -> Result<Blanked, D::Error> {
    let end = end_of_step(db, after)?;
    if end == 0 {
        return Ok(Blanked {
            lines: 0,
            next: None,
        });
    }
    // As lines that their author has deleted, and their edits.
    let lines = db.execute(
        "UPDATE lines SET text = '', edited_at_ms = NULL,
                          kind = CASE WHEN kind IN (0, 1) THEN 1 ELSE 3 END
         WHERE id > ?1 AND id <= ?2 AND sender_id = ?3 AND kind IN (0, 2)",
        &[after.into(), end.into(), user.0.into()],
    )?;
    Ok(Blanked {
        lines,
        next: Some(end),
    })
}

pub(in crate::store) fn delete_inbox<D: Engine>(db: &mut D, user: UserId) -> Result<(), D::Error> {
    if let Some(log) = reads::inbox_log(db, user)? {
        db.forget_lines(log)?;
        db.execute("DELETE FROM inboxes WHERE user_id = ?1", &[user.0.into()])?;
    }
    Ok(())
}

pub(in crate::store) fn said<D: Db>(
    db: &mut D,
    user: UserId,
    after: i64,
    limit: usize,
) -> Result<SaidPage, D::Error> {
    let end = end_of_step(db, after)?;
    if end == 0 {
        return Ok(SaidPage {
            lines: Vec::new(),
            next: None,
        });
    }
    let lines = db.all(
        "SELECT lines.id, logs.channel_name, lines.id & 68719476735, lines.sent_at_ms,
                coalesce(lines.edited_at_ms, 0), lines.text
         FROM lines JOIN logs ON logs.id = lines.id >> 36
         WHERE lines.id > ?1 AND lines.id <= ?2 AND lines.sender_id = ?3
           AND lines.kind IN (0, 1) AND logs.channel_name IS NOT NULL
         ORDER BY lines.id LIMIT ?4",
        &[after.into(), end.into(), user.0.into(), count(limit).into()],
        |row| {
            Ok(Said {
                place: row.int(0)?,
                channel: row.text(1)?,
                seq: seq(row.int(2)?),
                sent_at_ms: row.int(3)?,
                edited_at_ms: row.int(4)?,
                text: row.text(5)?,
            })
        },
    )?;
    // As many as were asked for: there may be more in this step.
    let last = lines.last().filter(|_| lines.len() >= limit);
    let next = Some(last.map_or(end, |last| last.place));
    Ok(SaidPage { lines, next })
}

pub(in crate::store) fn session_owner<D: Db>(
    db: &mut D,
    session: SessionId,
) -> Result<Option<(UserId, String)>, D::Error> {
    db.optional(
        "SELECT users.id, users.username FROM sessions
         JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?1",
        &[session.0.into()],
        |row| Ok((UserId(row.int(0)?), row.text(1)?)),
    )
}

pub(in crate::store) fn delete_channel<D: Engine>(
    db: &mut D,
    channel: ChannelId,
) -> Result<Option<Vec<MemberRow>>, D::Error> {
    db.lock(Lock::Channel(channel))?;
    if channels::is_lobby(db, channel)? != Some(false) {
        return Ok(None);
    }
    let members = members::list(db, channel, None, usize::MAX)?;
    for sql in [
        "DELETE FROM memberships WHERE channel_id = ?1",
        "DELETE FROM channel_reads WHERE channel_id = ?1",
        "DELETE FROM invitations WHERE channel_id = ?1",
        "DELETE FROM channel_sanctions WHERE channel_id = ?1",
    ] {
        db.execute(sql, &[channel.0.into()])?;
    }
    channels::delete(db, channel)?;
    Ok(Some(members))
}
