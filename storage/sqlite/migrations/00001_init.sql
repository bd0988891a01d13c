-- +goose Up

-- The decision log. record is the text that was hashed; the other columns are
-- copies of it for queries.
CREATE TABLE decisions (
  seq       INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  at        INTEGER NOT NULL,
  point     TEXT NOT NULL,
  event_key TEXT UNIQUE,
  connector TEXT NOT NULL,
  chat      TEXT NOT NULL,
  user      TEXT NOT NULL,
  message   TEXT NOT NULL,
  verdict   TEXT NOT NULL,
  rule      TEXT NOT NULL,
  session   TEXT NOT NULL,
  record    BLOB NOT NULL,
  hash      TEXT NOT NULL,
  UNIQUE (id, verdict)
) STRICT;
CREATE INDEX decisions_at ON decisions (at);
CREATE INDEX decisions_user ON decisions (user, seq);

-- Where the log ends; changed in the transaction that adds a record.
CREATE TABLE audit_head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;

CREATE TABLE people (
  id      TEXT PRIMARY KEY,
  name    TEXT NOT NULL DEFAULT '',
  roles   TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;

-- The workspace a person chose in a chat.
CREATE TABLE choices (
  connector TEXT NOT NULL,
  chat      TEXT NOT NULL,
  user      TEXT NOT NULL,
  workspace TEXT NOT NULL,
  PRIMARY KEY (connector, chat, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id        TEXT PRIMARY KEY,
  connector TEXT NOT NULL,
  kind      TEXT NOT NULL,
  chat      TEXT NOT NULL,
  chat_kind TEXT NOT NULL,
  user      TEXT NOT NULL,
  local     INTEGER NOT NULL,
  workspace TEXT NOT NULL,
  trust     TEXT NOT NULL CHECK (trust IN ('sandboxed', 'direct')),
  access    TEXT NOT NULL CHECK (access IN ('read_only', 'read_write')),
  agent     TEXT NOT NULL,
  decision  TEXT NOT NULL,
  -- Held to allow, and a part of the reference: a session stands on an allow
  -- decision and on nothing else.
  verdict   TEXT NOT NULL DEFAULT 'allow' CHECK (verdict = 'allow'),
  created   INTEGER NOT NULL,
  ended     INTEGER,
  FOREIGN KEY (decision, verdict) REFERENCES decisions (id, verdict)
) STRICT;
CREATE UNIQUE INDEX sessions_open ON sessions (connector, chat, user) WHERE ended IS NULL;

-- One turn for each admitted message: what is to be answered, and how far it is.
CREATE TABLE turns (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL UNIQUE,
  decision  TEXT NOT NULL UNIQUE,
  verdict   TEXT NOT NULL DEFAULT 'allow' CHECK (verdict = 'allow'),
  session   TEXT REFERENCES sessions (id),
  connector TEXT NOT NULL,
  chat      TEXT NOT NULL,
  user      TEXT NOT NULL,
  name      TEXT NOT NULL,
  message   TEXT NOT NULL,
  text      TEXT NOT NULL,
  reply     TEXT NOT NULL,
  -- Whether the reply tells of a failure.
  failed    INTEGER NOT NULL DEFAULT 0,
  state     TEXT NOT NULL CHECK (state IN ('pending', 'ready', 'sending', 'sent', 'failed')),
  created   INTEGER NOT NULL,
  updated   INTEGER NOT NULL,
  FOREIGN KEY (decision, verdict) REFERENCES decisions (id, verdict)
) STRICT;
CREATE INDEX turns_open ON turns (session, seq) WHERE state IN ('pending', 'ready', 'sending');
CREATE INDEX turns_message ON turns (connector, message) WHERE state IN ('pending', 'ready', 'sending');

-- Changes that a turn began, so that a turn that is run again after a crash does
-- not make them twice.
CREATE TABLE turn_changes (
  turn   TEXT NOT NULL REFERENCES turns (id),
  number INTEGER NOT NULL,
  after  BLOB NOT NULL,
  PRIMARY KEY (turn, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_events (
  key      TEXT NOT NULL,
  at       INTEGER NOT NULL,
  decision TEXT NOT NULL REFERENCES decisions (id),
  PRIMARY KEY (key, at, decision)
) STRICT, WITHOUT ROWID;
CREATE INDEX limit_events_at ON limit_events (at);

-- +goose Down
DROP TABLE limit_events;
DROP TABLE turn_changes;
DROP TABLE turns;
DROP TABLE sessions;
DROP TABLE choices;
DROP TABLE people;
DROP TABLE audit_head;
DROP TABLE decisions;
