-- What an account is come back to by, without e-mail. Hashes only: SHA-256 is enough for 100
-- random bits, which nobody guesses from it.
CREATE TABLE recovery_codes (
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- From 1 the account's own; 0: the one that an operator gave out.
    number        INTEGER NOT NULL,
    code_hash     BLOB NOT NULL,
    -- NULL: never.
    expires_at_ms INTEGER,
    PRIMARY KEY (user_id, number)
) STRICT, WITHOUT ROWID;

-- Second factors of players.
CREATE TABLE second_factors (
    user_id      INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- In base32. Codes are made of it: a hash would not do.
    secret       TEXT NOT NULL,
    -- 0: nobody has shown a code of it yet, and no login asks for one.
    is_confirmed INTEGER NOT NULL,
    -- The newest step of time whose code was used: none is taken twice.
    used_step    INTEGER NOT NULL
) STRICT;

-- The latest login with a password of each account, in place of the one before.
CREATE TABLE last_logins (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    at_ms   INTEGER NOT NULL,
    device  TEXT NOT NULL,
    -- A /24 of IPv4 or a /48 of IPv6: enough to know one's own again.
    network TEXT NOT NULL
) STRICT;
