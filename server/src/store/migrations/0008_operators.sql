-- Who signs in to the console in the browser. They are no players.
CREATE TABLE operators (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL UNIQUE,
    role            TEXT NOT NULL CHECK (role IN ('viewer', 'moderator', 'admin')),
    password_hash   TEXT NOT NULL,
    -- 1: the password was told by somebody else.
    must_change     INTEGER NOT NULL,
    -- The second factor's secret in base32; NULL: there is none.
    totp_secret     TEXT,
    -- The newest step of time whose code was used: none is taken twice.
    totp_step       INTEGER NOT NULL,
    -- Counts up when all sign-ins end.
    version         INTEGER NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    -- 0: has not signed in yet.
    last_seen_at_ms INTEGER NOT NULL
) STRICT;
