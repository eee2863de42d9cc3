-- What players show of themselves for a game's sake: a JSON object, and how often it changed.
CREATE TABLE profiles (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    profile TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
