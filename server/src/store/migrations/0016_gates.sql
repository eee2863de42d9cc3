-- 0: an account; 1: it waits for a moderator to let it in; 2: a guest, without a password.
ALTER TABLE users ADD COLUMN account_kind INTEGER NOT NULL DEFAULT 0;

CREATE INDEX users_by_kind ON users (account_kind) WHERE account_kind != 0;

-- What lets somebody register. Of the code only the hash is kept.
CREATE TABLE invites (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    code_hash     BLOB NOT NULL UNIQUE,
    uses_left     INTEGER NOT NULL CHECK (uses_left >= 0),
    uses          INTEGER NOT NULL,
    -- NULL: for good.
    until_ms      INTEGER,
    created_at_ms INTEGER NOT NULL,
    made_by       TEXT NOT NULL,
    note          TEXT NOT NULL
) STRICT;
