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
-- No name of a role has a quotation mark, so that this finds the role and no other.
CREATE INDEX people_owners ON people (id) WHERE instr(roles, '"owner"') > 0;

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
  -- Whether its end was seen to.
  ended     INTEGER NOT NULL DEFAULT 0,
  created   INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_person ON grants (person, id);
CREATE INDEX grants_expires ON grants (expires, person) WHERE expires > 0 AND ended = 0;
CREATE INDEX grants_role ON grants (role, person) WHERE ended = 0;

-- Requests that wait for somebody's yes, and what became of them. bucket is the
-- beginning of the code's digest: the rest is compared by the program, which
-- takes as long for each.
CREATE TABLE pairings (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('join', 'link', 'claim')),
  bucket     INTEGER NOT NULL,
  code       BLOB NOT NULL CHECK (length(code) = 32),
  identity   TEXT NOT NULL,
  person     TEXT NOT NULL,
  connector  TEXT NOT NULL,
  chat       TEXT NOT NULL,
  user       TEXT NOT NULL,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  other_chat TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('pending', 'entered', 'used', 'denied', 'expired')),
  reminded   INTEGER NOT NULL,
  -- Whom it was shown to, with its code: a JSON list of people's ids.
  shown      TEXT NOT NULL,
  created    INTEGER NOT NULL,
  expires    INTEGER NOT NULL,
  version    INTEGER NOT NULL
) STRICT;
CREATE INDEX pairings_bucket ON pairings (bucket);
CREATE INDEX pairings_identity ON pairings (identity, kind, created, id);
CREATE INDEX pairings_person ON pairings (person, state) WHERE person <> '';
CREATE INDEX pairings_asked ON pairings (kind, connector, created);
CREATE INDEX pairings_state ON pairings (state, expires);
-- One waits for each stranger: more messages make no more codes.
CREATE UNIQUE INDEX pairings_join ON pairings (identity) WHERE kind = 'join' AND state = 'pending';

-- The key of the codes' digests: those of all codes cannot be made beforehand.
ALTER TABLE installation ADD COLUMN key BLOB NOT NULL DEFAULT x'';
UPDATE installation SET key = randomblob(32);

-- Programs that speak for an identity. hash is of the secret, which is not kept.
CREATE TABLE tokens (
  id       TEXT PRIMARY KEY,
  hash     BLOB NOT NULL CHECK (length(hash) = 32),
  identity TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,
  scope    TEXT NOT NULL,
  -- In nanoseconds since the Unix epoch; 0 is never.
  expires  INTEGER NOT NULL,
  revoked  INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  given_by TEXT NOT NULL
) STRICT;
CREATE INDEX tokens_identity ON tokens (identity, created);

-- What is read in the place of the answer that a cut session was making; '' is
-- nothing.
ALTER TABLE sessions ADD COLUMN cut_words TEXT NOT NULL DEFAULT '';

-- To whom a session's owner offers it: the id as it was written, which may be
-- nobody's.
CREATE TABLE shares (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  guest   TEXT NOT NULL,
  -- When whoever has that id came in; 0 is not yet.
  joined  INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  PRIMARY KEY (session, guest)
) STRICT, WITHOUT ROWID;
CREATE INDEX shares_guest ON shares (guest, joined);

CREATE INDEX sessions_user ON sessions (user, created) WHERE ended IS NULL;
CREATE INDEX sessions_alive ON sessions (created) WHERE ended IS NULL;
CREATE INDEX turns_pending ON turns (connector, chat) WHERE state = 'pending';

-- +goose Down
DROP INDEX turns_pending;
DROP INDEX sessions_alive;
DROP INDEX sessions_user;
DROP TABLE shares;
ALTER TABLE sessions DROP COLUMN cut_words;
DROP TABLE tokens;
ALTER TABLE installation DROP COLUMN key;
DROP TABLE pairings;
DROP TABLE grants;
DROP INDEX people_owners;
ALTER TABLE people DROP COLUMN attributes;
DROP TABLE identities;
