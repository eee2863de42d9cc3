-- While there is a row whose time has not come nobody registers, and everybody speaks slowly.
CREATE TABLE lockdown (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    until_ms      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    made_by       TEXT NOT NULL,
    reason        TEXT NOT NULL
) STRICT;
