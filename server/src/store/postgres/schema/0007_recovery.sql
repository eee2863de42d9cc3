-- What an account is come back to by, without e-mail. Hashes only: SHA-256 is enough for 100
-- random bits, which nobody guesses from it.
CREATE TABLE recovery_codes (
    user_id       bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- From 1 the account's own; 0: the one that an operator gave out.
    number        bigint NOT NULL,
    code_hash     bytea NOT NULL,
    -- NULL: never.
    expires_at_ms bigint,
    PRIMARY KEY (user_id, number)
);

-- Second factors of players.
CREATE TABLE second_factors (
    user_id      bigint PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- In base32. Codes are made of it: a hash would not do.
    secret       text NOT NULL,
    -- 0: nobody has shown a code of it yet, and no login asks for one.
    is_confirmed bigint NOT NULL,
    -- The newest step of time whose code was used: none is taken twice.
    used_step    bigint NOT NULL
);

-- The latest login with a password of each account, in place of the one before.
CREATE TABLE last_logins (
    user_id bigint PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    at_ms   bigint NOT NULL,
    device  text NOT NULL,
    -- A /24 of IPv4 or a /48 of IPv6: enough to know one's own again.
    network text NOT NULL
);
