-- Lines that are said again are known by the lines themselves: see recent_lines.rs.
DROP TABLE line_ids;
-- logs.settled_seq has one meaning from now on: a log whose lines are all gone has given
-- the numbers up to this one.
