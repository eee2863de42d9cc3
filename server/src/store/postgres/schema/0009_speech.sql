-- How lines are held in check in a channel: seconds from a member's line to their next one, and
-- what becomes of blocked words, NULL being as everywhere.
ALTER TABLE channels ADD COLUMN slow_mode_s bigint NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN filter text;

CREATE OR REPLACE VIEW channel_states AS
SELECT channels.id, logs.channel_name AS name, channels.topic, channels.access,
       channels.password_hash, channels.is_lobby, channels.log_id, logs.last_seq,
       coalesce((SELECT min(lines.id) FROM lines
                 WHERE lines.id BETWEEN logs.id << 36 AND (logs.id << 36) + 68719476735)
                & 68719476735, logs.last_seq + 1) AS first_seq,
       channels.slow_mode_s, channels.filter
FROM logs JOIN channels ON channels.log_id = logs.id;
