-- Lines that are said again are known by the lines themselves: see recent_lines.rs.
-- Nothing in it is secret: to overwrite it would write all of it into the log.
PRAGMA secure_delete = OFF;
DROP TABLE line_ids;
PRAGMA secure_delete = ON;
-- logs.settled_seq has one meaning from now on: a log whose lines are all gone has given
-- the numbers up to this one.
