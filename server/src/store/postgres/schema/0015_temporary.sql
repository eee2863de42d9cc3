-- Channels for a match or a party: who has the code may come in, for how many they are, and when
-- they end. All NULL for channels that stay.
ALTER TABLE channels ADD COLUMN code text;
ALTER TABLE channels ADD COLUMN max_members bigint;
ALTER TABLE channels ADD COLUMN ends_at_ms bigint;

CREATE UNIQUE INDEX channels_by_code ON channels (code) WHERE code IS NOT NULL;
CREATE INDEX channels_by_end ON channels (ends_at_ms) WHERE ends_at_ms IS NOT NULL;

CREATE OR REPLACE VIEW channel_states AS
SELECT channels.id, logs.channel_name AS name, channels.topic, channels.access,
       channels.password_hash, channels.is_lobby, channels.log_id, logs.last_seq,
       coalesce((SELECT min(lines.id) FROM lines
                 WHERE lines.id BETWEEN logs.id << 36 AND (logs.id << 36) + 68719476735)
                & 68719476735, logs.last_seq + 1) AS first_seq,
       channels.slow_mode_s, channels.filter, channels.code, channels.max_members,
       channels.ends_at_ms
FROM logs JOIN channels ON channels.log_id = logs.id;
