-- Who may do more than a player, on the whole server.
CREATE TABLE staff (
    user_id bigint PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    role    text NOT NULL CHECK (role IN ('moderator', 'admin'))
);
