-- How lines are held in check in a channel: seconds from a member's line to their next one, and
-- what becomes of blocked words, NULL being as everywhere.
ALTER TABLE channels ADD COLUMN slow_mode_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN filter TEXT;
