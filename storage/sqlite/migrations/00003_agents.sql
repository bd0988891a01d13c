-- +goose Up

-- What the decision asks of all that runs in a session, as JSON; how many turns
-- were ended in it; whether its running turn is to be ended with it; and what its
-- programs used.
ALTER TABLE sessions ADD COLUMN obligations TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sessions ADD COLUMN turns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN programs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cpu_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN ran_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN peak_bytes INTEGER NOT NULL DEFAULT 0;
-- What tells this installation's containers from another's, wherever its folder
-- is moved.
CREATE TABLE installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id  TEXT NOT NULL
) STRICT;
INSERT INTO installation (one, id) VALUES (1, lower(hex(randomblob(16))));
CREATE INDEX sessions_created ON sessions (created);
CREATE INDEX sessions_decision ON sessions (decision);

-- +goose Down
DROP TABLE installation;
DROP INDEX sessions_decision;
DROP INDEX sessions_created;
ALTER TABLE sessions DROP COLUMN peak_bytes;
ALTER TABLE sessions DROP COLUMN ran_ns;
ALTER TABLE sessions DROP COLUMN cpu_ns;
ALTER TABLE sessions DROP COLUMN programs;
ALTER TABLE sessions DROP COLUMN cut;
ALTER TABLE sessions DROP COLUMN turns;
ALTER TABLE sessions DROP COLUMN obligations;
