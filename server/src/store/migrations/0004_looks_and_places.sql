-- Accounts may look alike: those that were there before a stricter rule keep their
-- names. Whether a new name is free is asked by the statement that adds it.
CREATE TABLE new_users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT NOT NULL,
    name_key      TEXT NOT NULL UNIQUE,
    look_key      TEXT NOT NULL,
    capitals_key  TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

INSERT INTO new_users
SELECT id, username, name_key, look_key, capitals_key, password_hash, created_at_ms
FROM users;

DELETE FROM sqlite_sequence WHERE name = 'new_users';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'new_users', seq FROM sqlite_sequence WHERE name = 'users';

DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
CREATE INDEX users_by_look ON users (look_key);
CREATE INDEX users_by_capitals ON users (capitals_key);

-- The rule by which look_key and capitals_key were made. Of another one than the
-- program's they are made anew at the start: see looks.rs.
CREATE TABLE name_key_rule (
    version INTEGER NOT NULL
) STRICT;

INSERT INTO name_key_rule VALUES (1);

-- From where an account was logged in to: who guesses its password from elsewhere
-- does not keep its owner out.
CREATE TABLE places (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- 24 bits of the address's hash: enough to know it again, too few to tell it.
    place      INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, place)
) STRICT, WITHOUT ROWID;
