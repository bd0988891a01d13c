-- +goose Up

-- The ids by which a person is known on the platforms: each is one person's.
CREATE TABLE identities (
  id      TEXT PRIMARY KEY,
  person  TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  -- The direct chat in which this identity was last heard; '' for none.
  dm      TEXT NOT NULL DEFAULT '',
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_person ON identities (person, id);
INSERT INTO identities (id, person, created) SELECT id, id, created FROM people;

-- What policies know of a person beside roles: a JSON object.
ALTER TABLE people ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';

-- Roles that hold in some places, or for some time.
CREATE TABLE grants (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  person    TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  role      TEXT NOT NULL,
  scope     TEXT NOT NULL,
  workspace TEXT NOT NULL,
  -- In nanoseconds since the Unix epoch; 0 is never.
  expires   INTEGER NOT NULL,
  given_by  TEXT NOT NULL,
  created   INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_person ON grants (person, id);
CREATE INDEX grants_expires ON grants (expires) WHERE expires > 0;

-- +goose Down
DROP TABLE grants;
ALTER TABLE people DROP COLUMN attributes;
DROP TABLE identities;
