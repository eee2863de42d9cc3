-- The tries that guard accounts, counted for all servers together. Lost when PostgreSQL
-- crashes, and then everybody has the full allowance again: not worth a disk flush at
-- each login.
CREATE UNLOGGED TABLE limits (
    -- A hash of whose tries at what.
    key     bytea PRIMARY KEY,
    -- When they are back to their full allowance, in microseconds since 1970.
    full_at bigint NOT NULL,
    -- How long the last one had to wait, in microseconds; 0 if it was counted.
    wait    bigint NOT NULL
) WITH (fillfactor = 70);
