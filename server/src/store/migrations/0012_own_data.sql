-- Accounts that are deleted when their time has come, as their players have asked for.
CREATE TABLE deletions (
    user_id          INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    asked_at_ms      INTEGER NOT NULL,
    due_at_ms        INTEGER NOT NULL,
    -- Until then a server is at it; 0: none has begun.
    claimed_until_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX deletions_by_time ON deletions (due_at_ms);

-- When each account got another name last.
CREATE TABLE renames (
    user_id       INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    renamed_at_ms INTEGER NOT NULL
) STRICT;

-- Names that accounts had, and nobody else can have for a while.
CREATE TABLE old_names (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    username      TEXT NOT NULL,
    name_key      TEXT NOT NULL,
    look_key      TEXT NOT NULL,
    capitals_key  TEXT NOT NULL,
    kept_until_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX old_names_by_user ON old_names (user_id);
CREATE INDEX old_names_by_name ON old_names (name_key);
CREATE INDEX old_names_by_look ON old_names (look_key);
CREATE INDEX old_names_by_capitals ON old_names (capitals_key);
CREATE INDEX old_names_by_time ON old_names (kept_until_ms);
