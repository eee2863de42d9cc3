-- A line costs as little to write as it can: one row at the end of its log, and no
-- other page of the file.

-- The ids of lines, in blocks: see line_ids.rs. A row holds those of one era (some
-- ten thousand lines said one after the other) whose hash falls into one bucket.
CREATE TABLE line_ids (
    -- era * 512 + bucket
    id  INTEGER PRIMARY KEY,
    -- For each line: sender_id, line_id and lines.id, eight bytes each, the lowest
    -- first. Lines that are gone may be among them for a while.
    ids BLOB NOT NULL
) STRICT;

-- Everything said. Without references: who writes here is known to be a member,
-- and neither accounts nor logs are ever deleted. The text comes last, so that what
-- is looked at for counting comes before it.
CREATE TABLE new_lines (
    -- log_id * 2^36 + seq: a page of history lies in one piece. One number is found
    -- faster than two.
    id           INTEGER PRIMARY KEY,
    sender_id    INTEGER NOT NULL,
    -- 0 said, 1 said and deleted, 2 edit, 3 deletion of the line of_id.
    kind         INTEGER NOT NULL,
    sent_at_ms   INTEGER NOT NULL,
    -- What the sender's client called the line. NULL for edits and deletions,
    -- and in the inbox of a whisper's recipient.
    line_id      INTEGER,
    edited_at_ms INTEGER,
    of_id        INTEGER,
    -- Of a whisper: the other side, as the inbox's owner sees it.
    peer_id      INTEGER,
    -- Of a whisper in its sender's inbox: its number in the recipient's.
    peer_seq     INTEGER,
    text         TEXT NOT NULL
) STRICT;

INSERT INTO new_lines
SELECT (log_id << 36) + seq, sender_id, kind, sent_at_ms, line_id, edited_at_ms,
       (log_id << 36) + of_seq, peer_id, peer_seq, text
FROM lines ORDER BY log_id, seq;

-- A log's newest number is that of its newest line; it is written here only when
-- there is no line any more. Besides, the ids of all lines up to this number are in
-- line_ids: of those that were here before none are yet.
ALTER TABLE logs RENAME COLUMN last_seq TO settled_seq;
UPDATE logs SET settled_seq = first.seq - 1
FROM (SELECT log_id, min(seq) AS seq FROM lines GROUP BY log_id) AS first
WHERE first.log_id = logs.id;

DROP TABLE lines;
ALTER TABLE new_lines RENAME TO lines;

-- The whispers with one account.
CREATE INDEX lines_by_peer ON lines (id >> 36, peer_id) WHERE peer_id IS NOT NULL;
-- The edits of a line that is deleted.
CREATE INDEX lines_by_target ON lines (of_id) WHERE of_id IS NOT NULL;
