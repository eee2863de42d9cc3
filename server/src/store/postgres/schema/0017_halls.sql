-- Which hall of the lobby a channel is, from 2; NULL for the lobby itself, the first one, and for
-- all other channels.
ALTER TABLE channels ADD COLUMN hall bigint;

CREATE UNIQUE INDEX halls ON channels (hall) WHERE hall IS NOT NULL;

CREATE OR REPLACE VIEW channel_states AS
SELECT channels.id, logs.channel_name AS name, channels.topic, channels.access,
       channels.password_hash, channels.is_lobby, channels.log_id, logs.last_seq,
       coalesce((SELECT min(lines.id) FROM lines
                 WHERE lines.id BETWEEN logs.id << 36 AND (logs.id << 36) + 68719476735)
                & 68719476735, logs.last_seq + 1) AS first_seq,
       channels.slow_mode_s, channels.filter, channels.code, channels.max_members,
       channels.ends_at_ms, channels.hall
FROM logs JOIN channels ON channels.log_id = logs.id;
