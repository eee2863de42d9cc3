-- Keys by which games' own servers ask for things. Of the text only the hash is kept.
CREATE TABLE game_keys (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT NOT NULL UNIQUE,
    key_hash        BLOB NOT NULL UNIQUE,
    -- Names with a space between them.
    scopes          TEXT NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    -- To the hour; 0: has not been used yet.
    last_used_at_ms INTEGER NOT NULL,
    -- NULL: for good.
    until_ms        INTEGER
) STRICT;
