-- Who may do more than a player, on the whole server.
CREATE TABLE staff (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    role    TEXT NOT NULL CHECK (role IN ('moderator', 'admin'))
) STRICT;
