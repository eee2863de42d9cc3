-- What the file says of itself, in one row.
CREATE TABLE state (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    -- Names the store that all numbers of lines belong to: made with it, and made anew
    -- when an older state of the file is put back.
    epoch         TEXT NOT NULL,
    -- Another one whenever the log is folded in: what the file beside it knows, too.
    fold          INTEGER NOT NULL,
    folded_at_ms  INTEGER NOT NULL,
    -- 1 from a server's start to its end in good order: there is a log beside the file.
    is_open       INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    -- SQLite's schema_version then: another one in a copy that SQLite made, which is
    -- whole without a log.
    schema_cookie INTEGER NOT NULL,
    -- Up to where the clock has been believed. NULL: not yet.
    seen_ms       INTEGER,
    -- Lines stamped from and to these times were said when the clock was behind; and
    -- when that was, by what had been believed. NULL: none.
    doubt_from_ms INTEGER,
    doubt_to_ms   INTEGER,
    doubt_said_ms INTEGER
) STRICT;

INSERT INTO state (id, epoch, fold, folded_at_ms, is_open, schema_cookie)
VALUES (1, '', 0, 0, 0, 0);
