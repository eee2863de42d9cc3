-- While there is a row whose time has not come nobody registers, and everybody speaks slowly.
CREATE TABLE lockdown (
    id            bigint PRIMARY KEY CHECK (id = 1),
    until_ms      bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    made_by       text NOT NULL,
    reason        text NOT NULL
);
