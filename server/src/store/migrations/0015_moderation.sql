-- Who may not come into a channel, and who may not speak there.
CREATE TABLE channel_sanctions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT NOT NULL CHECK (kind IN ('ban', 'mute')),
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_id    INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    -- NULL: for good.
    until_ms      INTEGER,
    created_at_ms INTEGER NOT NULL,
    made_by       TEXT NOT NULL,
    reason        TEXT NOT NULL,
    UNIQUE (user_id, channel_id, kind)
) STRICT;

CREATE INDEX channel_sanctions_by_channel ON channel_sanctions (channel_id);

-- What was ever set on an account: the next one goes by it.
CREATE TABLE past_sanctions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind          TEXT NOT NULL CHECK (kind IN ('ban', 'mute', 'kick')),
    -- 0 for the whole server. The channel may be gone.
    channel_id    INTEGER NOT NULL,
    -- The channel's name then; empty for the whole server.
    channel       TEXT NOT NULL,
    until_ms      INTEGER,
    created_at_ms INTEGER NOT NULL,
    made_by       TEXT NOT NULL,
    reason        TEXT NOT NULL,
    -- 1 when it was lifted, or another one was set in its place.
    is_lifted     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX past_sanctions_by_user ON past_sanctions (user_id, created_at_ms);

-- From where nobody registers for a while, as somebody who is banned came from there.
CREATE TABLE barred_places (
    place    INTEGER NOT NULL,
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (place, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX barred_places_by_user ON barred_places (user_id);
