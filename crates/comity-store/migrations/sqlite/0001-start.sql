-- Instants (`_at`) are nanoseconds since 1970-01-01T00:00Z: an instant comes back as it went in.
-- Bytes named `sealed` are under a person's key; `body` is JSON of the layer above.

CREATE TABLE leaves (
  leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
  leaf BLOB NOT NULL,
  sealed BLOB NOT NULL,
  case_id BLOB CHECK (length(case_id) = 16),
  version INTEGER,
  CHECK ((case_id IS NULL) = (version IS NULL))
) STRICT;
CREATE UNIQUE INDEX leaves_by_case ON leaves (case_id, version) WHERE case_id IS NOT NULL;

CREATE TABLE tiles (
  level INTEGER NOT NULL,
  tile_index INTEGER NOT NULL,
  width INTEGER NOT NULL CHECK (width BETWEEN 1 AND 256),
  bytes BLOB NOT NULL,
  PRIMARY KEY (level, tile_index)
) STRICT;

CREATE TABLE checkpoints (
  size INTEGER PRIMARY KEY,
  note BLOB NOT NULL
) STRICT;

CREATE TABLE person_keys (
  key_id BLOB PRIMARY KEY CHECK (length(key_id) = 16),
  wrapped BLOB,
  destroyed_at INTEGER,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) STRICT;

CREATE TABLE cases (
  case_id BLOB PRIMARY KEY CHECK (length(case_id) = 16),
  peer TEXT NOT NULL,
  key_id BLOB NOT NULL REFERENCES person_keys (key_id),
  version INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  ended_at INTEGER,
  next_at INTEGER,
  card_sealed BLOB,
  number_ref BLOB CHECK (length(number_ref) = 32)
) STRICT;
CREATE INDEX cases_by_change ON cases (changed_at, case_id);
CREATE INDEX cases_in_custody ON cases (changed_at, case_id) WHERE ended_at IS NULL;
CREATE INDEX cases_by_next ON cases (next_at, case_id) WHERE next_at IS NOT NULL;
CREATE INDEX cases_by_number ON cases (number_ref, opened_at, case_id) WHERE number_ref IS NOT NULL;
CREATE INDEX cases_by_key ON cases (key_id);

CREATE TABLE tasks (
  case_id BLOB NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
  task_key TEXT NOT NULL,
  body BLOB NOT NULL,
  role TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (case_id, task_key)
) STRICT;
CREATE INDEX tasks_by_due ON tasks (due_at, case_id, task_key);
CREATE INDEX tasks_by_role ON tasks (role, due_at, case_id, task_key);

CREATE TABLE files (
  case_id BLOB NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  sealed BLOB NOT NULL,
  PRIMARY KEY (case_id, digest)
) STRICT;

CREATE TABLE peers (
  party TEXT PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE outbox (
  peer TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  envelope_id BLOB NOT NULL CHECK (length(envelope_id) = 16),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  case_id BLOB CHECK (length(case_id) = 16),
  bytes BLOB,
  attempts INTEGER NOT NULL,
  due_at INTEGER,
  receipt BLOB,
  PRIMARY KEY (peer, number),
  UNIQUE (peer, envelope_id),
  CHECK ((receipt IS NULL) = (due_at IS NOT NULL)),
  CHECK (receipt IS NOT NULL OR bytes IS NOT NULL)
) STRICT;
CREATE INDEX outbox_pending ON outbox (peer, number) WHERE receipt IS NULL;
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_case ON outbox (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE inbox (
  peer TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  envelope_id BLOB NOT NULL CHECK (length(envelope_id) = 16),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  waiting BLOB,
  receipt BLOB,
  PRIMARY KEY (peer, number),
  UNIQUE (peer, envelope_id),
  CHECK ((waiting IS NULL) = (receipt IS NOT NULL))
) STRICT;
CREATE INDEX inbox_applied ON inbox (peer, number) WHERE receipt IS NOT NULL;
CREATE INDEX inbox_waiting ON inbox (peer, number) WHERE waiting IS NOT NULL;

CREATE TABLE accounts (
  account TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE sessions (
  token_sha256 BLOB PRIMARY KEY CHECK (length(token_sha256) = 32),
  account TEXT NOT NULL,
  ends_at INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  account TEXT,
  case_id BLOB CHECK (length(case_id) = 16),
  body BLOB NOT NULL
) STRICT;

CREATE TABLE replies (
  key_sha256 BLOB PRIMARY KEY CHECK (length(key_sha256) = 32),
  ends_at INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX replies_by_end ON replies (ends_at);

CREATE TABLE named_values (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;
