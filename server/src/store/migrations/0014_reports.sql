-- What players report to moderators: a line, or a player.
CREATE TABLE reports (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    reporter_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Who is reported.
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The channel of the line, '@' for a whisper in the inbox of the reporter, and its number.
    -- Empty and 0 when the player is reported.
    place         TEXT NOT NULL,
    seq           INTEGER NOT NULL,
    category      TEXT NOT NULL,
    text          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    -- NULL: it is open. What came of it, who said so, and what the reporter is told.
    closed_at_ms  INTEGER,
    outcome       TEXT NOT NULL,
    closed_by     TEXT NOT NULL,
    answer        TEXT NOT NULL,
    -- 1: the reporter was told what came of it.
    is_told       INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX reports_open ON reports (reporter_id, user_id, place, seq)
    WHERE closed_at_ms IS NULL;
CREATE INDEX reports_untold ON reports (reporter_id) WHERE closed_at_ms IS NOT NULL AND is_told = 0;
CREATE INDEX reports_by_end ON reports (closed_at_ms) WHERE closed_at_ms IS NOT NULL;
CREATE INDEX reports_by_user ON reports (user_id);
CREATE INDEX reports_by_reporter ON reports (reporter_id);

-- The lines around the reported one as they were then. They outlive the lines themselves.
CREATE TABLE report_lines (
    report_id    INTEGER NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,
    sender_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sent_at_ms   INTEGER NOT NULL,
    -- 0: it was not edited.
    edited_at_ms INTEGER NOT NULL,
    -- 1: it was deleted before it was reported.
    is_deleted   INTEGER NOT NULL,
    text         TEXT NOT NULL,
    PRIMARY KEY (report_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX report_lines_by_sender ON report_lines (sender_id);
