//! Accounts that are logged in already, put into PostgreSQL as rows.
//!
//! As for SQLite, but past the store: so many accounts one by one would take long, and
//! a database that is copied needs them once.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use longhall_engines::Postgres;
use longhall_packet::{ResumeToken, Username};
use longhall_swarm::Account;
use sha2::{Digest, Sha256};

/// Rows of one statement.
const AT_ONCE: usize = 1000;
const DAY_MS: u128 = 24 * 60 * 60 * 1000;

/// Gives each account a row, a session and its token.
///
/// # Errors
/// When PostgreSQL does not take them.
pub(super) fn insert(postgres: &Postgres, database: &str, accounts: &mut [Account]) -> Result<()> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let ends_ms = now_ms + DAY_MS;
    for some in accounts.chunks_mut(AT_ONCE) {
        let (mut users, mut sessions) = (String::new(), String::new());
        for account in some {
            let username = Username::parse(&account.username);
            let keys = username.map_err(|denial| anyhow!(denial.reason()))?.keys();
            let mut bytes = [0; 32];
            bytes.fill_with(|| fastrand::u8(..));
            let token = ResumeToken::from_bytes(&bytes);
            let hash = Sha256::digest(token.expose().as_bytes());
            let hash = hash
                .iter()
                .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            // The names are our own: letters, digits and hyphens.
            let name = &account.username;
            write!(
                users,
                ",('{name}','{}','{}','{}','no password',{now_ms})",
                keys.name, keys.look, keys.capitals
            )?;
            write!(sessions, ",('{name}','\\x{hash}'::bytea)")?;
            account.token = Some(token);
        }
        let sql = format!(
            "BEGIN;
             INSERT INTO users (username, name_key, look_key, capitals_key, password_hash,
                                created_at_ms)
             VALUES {};
             INSERT INTO sessions (user_id, token_hash, device, created_at_ms,
                                   last_seen_at_ms, expires_at_ms)
             SELECT users.id, new.token_hash, '', {now_ms}, {now_ms}, {ends_ms}
             FROM (VALUES {}) AS new (username, token_hash)
             JOIN users USING (username);
             COMMIT;",
            &users[1..],
            &sessions[1..]
        );
        postgres.query(database, &sql)?;
    }
    // Else the first servers on a copy would find it done in the middle of a measurement.
    postgres.query(database, "VACUUM ANALYZE").map(drop)
}
