-- Which hall of the lobby a channel is, from 2; NULL for the lobby itself, the first one, and for
-- all other channels.
ALTER TABLE channels ADD COLUMN hall INTEGER;

CREATE UNIQUE INDEX halls ON channels (hall) WHERE hall IS NOT NULL;
