-- What players show of themselves for a game's sake: a JSON object, and how often it changed.
CREATE TABLE profiles (
    user_id bigint PRIMARY KEY REFERENCES users (id),
    profile text NOT NULL,
    version bigint NOT NULL
);
