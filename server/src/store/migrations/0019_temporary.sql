-- Channels for a match or a party: who has the code may come in, for how many they are, and when
-- they end. All NULL for channels that stay.
ALTER TABLE channels ADD COLUMN code TEXT;
ALTER TABLE channels ADD COLUMN max_members INTEGER;
ALTER TABLE channels ADD COLUMN ends_at_ms INTEGER;

CREATE UNIQUE INDEX channels_by_code ON channels (code) WHERE code IS NOT NULL;
CREATE INDEX channels_by_end ON channels (ends_at_ms) WHERE ends_at_ms IS NOT NULL;
