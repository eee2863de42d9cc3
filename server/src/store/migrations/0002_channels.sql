-- Sessions of several devices. Made anew for AUTOINCREMENT: the number of an
-- ended session is shown to players and must not come to mean another one.
CREATE TABLE new_sessions (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id             INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash          BLOB NOT NULL UNIQUE,
    previous_token_hash BLOB UNIQUE,
    device              TEXT NOT NULL,
    created_at_ms       INTEGER NOT NULL,
    last_seen_at_ms     INTEGER NOT NULL,
    expires_at_ms       INTEGER NOT NULL
) STRICT;

INSERT INTO new_sessions
SELECT id, user_id, token_hash, previous_token_hash, '', created_at_ms, created_at_ms,
       expires_at_ms
FROM sessions;

DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

-- What counts numbers up: one log for each name of a channel, one for each
-- account's whispers. Never deleted: a channel that is created under a name of
-- old counts on, as clients may remember the old numbers.
CREATE TABLE logs (
    id           INTEGER PRIMARY KEY,
    -- The channel's name. NULL for whispers.
    channel_name TEXT UNIQUE,
    last_seq     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Channels there are. AUTOINCREMENT: whoever still holds the id of a channel
-- that is gone must not get into another of the same name.
CREATE TABLE channels (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    log_id        INTEGER NOT NULL UNIQUE REFERENCES logs (id),
    topic         TEXT NOT NULL,
    access        TEXT NOT NULL CHECK (access IN ('open', 'invite', 'password')),
    password_hash TEXT,
    is_lobby      INTEGER NOT NULL DEFAULT 0 CHECK (is_lobby IN (0, 1)),
    created_at_ms INTEGER NOT NULL
) STRICT;

-- One lobby at most.
CREATE UNIQUE INDEX lobby ON channels (is_lobby) WHERE is_lobby = 1;

-- Who is in a channel; for the lobby there are none. Ids are in the order of
-- joining, by which a new owner is found.
CREATE TABLE memberships (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id   INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role         TEXT NOT NULL CHECK (role IN ('member', 'operator', 'owner')),
    joined_at_ms INTEGER NOT NULL,
    UNIQUE (channel_id, user_id)
) STRICT;

CREATE INDEX memberships_by_user ON memberships (user_id, channel_id);

-- Invitations not taken up. Ids are in the order of inviting.
CREATE TABLE invitations (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_id    INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    by_user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (user_id, channel_id)
) STRICT;

-- For the channel and the inviter that are deleted.
CREATE INDEX invitations_by_channel ON invitations (channel_id);
CREATE INDEX invitations_by_inviter ON invitations (by_user_id);

-- Which log an account's whispers are in. Comes with the first whisper.
CREATE TABLE inboxes (
    user_id       INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    log_id        INTEGER NOT NULL UNIQUE REFERENCES logs (id),
    -- Whispers behind it wait for an account that has not been there since.
    delivered_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Everything said. WITHOUT ROWID: one tree less to write, and a page of history
-- lies in one piece. The text comes last, so that what is looked at for
-- counting comes before it.
CREATE TABLE lines (
    log_id       INTEGER NOT NULL REFERENCES logs (id),
    seq          INTEGER NOT NULL,
    sender_id    INTEGER NOT NULL REFERENCES users (id),
    -- 0 said, 1 said and deleted, 2 edit, 3 deletion of of_seq.
    kind         INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),
    sent_at_ms   INTEGER NOT NULL,
    -- What the sender's client called the line. NULL for edits and deletions,
    -- and in the inbox of a whisper's recipient.
    line_id      INTEGER,
    -- With line_id: a number that counts up every some ten thousand lines.
    era          INTEGER,
    edited_at_ms INTEGER,
    of_seq       INTEGER,
    -- Of a whisper: the other side, as the inbox's owner sees it.
    peer_id      INTEGER REFERENCES users (id),
    -- Of a whisper in its sender's inbox: its number in the recipient's.
    peer_seq     INTEGER,
    text         TEXT NOT NULL,
    PRIMARY KEY (log_id, seq)
) STRICT, WITHOUT ROWID;

-- A line is taken once an account. The ids are random: by era first, only the
-- few pages of the newest era are written to. Which era to look in, and that no
-- other one has the id, is known by filters in the server's memory.
CREATE UNIQUE INDEX lines_by_line_id ON lines (era, sender_id, line_id)
    WHERE line_id IS NOT NULL;
-- The whispers with one account.
CREATE INDEX lines_by_peer ON lines (log_id, peer_id, seq) WHERE peer_id IS NOT NULL;
-- The edits of a line that is deleted.
CREATE INDEX lines_by_target ON lines (log_id, of_seq) WHERE of_seq IS NOT NULL;

-- Up to where an account has read, the same on all devices. Apart from
-- memberships, which the lobby has none of.
CREATE TABLE channel_reads (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_id INTEGER NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    read_seq   INTEGER NOT NULL,
    PRIMARY KEY (user_id, channel_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX channel_reads_by_channel ON channel_reads (channel_id);

-- The same for the whispers with one account.
CREATE TABLE whisper_reads (
    user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    peer_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, peer_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX whisper_reads_by_peer ON whisper_reads (peer_id);

CREATE TABLE blocks (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX blocks_by_blocked ON blocks (blocked_id);
