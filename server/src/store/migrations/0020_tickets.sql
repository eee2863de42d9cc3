-- What tickets for games' own servers are signed with. Each is known to everybody for a while
-- before it signs, and after.
CREATE TABLE ticket_keys (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    -- In base64url. Whoever has it can sign as this server.
    secret        TEXT NOT NULL,
    made_at_ms    INTEGER NOT NULL,
    -- Until the next one does.
    signs_from_ms INTEGER NOT NULL
) STRICT;

-- Tickets that a game's server had used up here, until they are good no more.
CREATE TABLE used_tickets (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket     TEXT NOT NULL UNIQUE,
    ends_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX used_tickets_by_end ON used_tickets (ends_at_ms);
