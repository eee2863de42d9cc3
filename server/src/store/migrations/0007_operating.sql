-- Who may not come in, and who may not speak: an account, or for a ban a network.
CREATE TABLE sanctions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT NOT NULL CHECK (kind IN ('ban', 'mute')),
    user_id       INTEGER REFERENCES users (id) ON DELETE CASCADE,
    -- As in 203.0.113.0/24. NULL for an account.
    network       TEXT,
    -- NULL: for good.
    until_ms      INTEGER,
    created_at_ms INTEGER NOT NULL,
    made_by       TEXT NOT NULL,
    reason        TEXT NOT NULL,
    CHECK ((user_id IS NULL) != (network IS NULL))
) STRICT;

CREATE UNIQUE INDEX sanctions_by_user ON sanctions (user_id, kind) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX sanctions_by_network ON sanctions (network, kind) WHERE network IS NOT NULL;

-- What operators did. Only ever added to; the program deletes none of it.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms   INTEGER NOT NULL,
    -- Who, and by which way: a user of the system by the socket, for one.
    actor   TEXT NOT NULL,
    via     TEXT NOT NULL,
    verb    TEXT NOT NULL,
    -- On whom or what; empty where it is about nobody.
    subject TEXT NOT NULL,
    -- The act with all it was given, as JSON. Never a secret.
    act     TEXT NOT NULL,
    reason  TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at_ms);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
