-- Marks the file as ours: "Long" in ASCII.
PRAGMA application_id = 0x4c6f6e67;

-- Accounts. AUTOINCREMENT: the id of a deleted account is never given again.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT NOT NULL,
    name_key      TEXT NOT NULL UNIQUE,
    look_key      TEXT NOT NULL UNIQUE,
    capitals_key  TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

-- Logins that may be resumed. Holds hashes of tokens only.
CREATE TABLE sessions (
    id                  INTEGER PRIMARY KEY,
    user_id             INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash          BLOB NOT NULL UNIQUE,
    previous_token_hash BLOB UNIQUE,
    created_at_ms       INTEGER NOT NULL,
    expires_at_ms       INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);
