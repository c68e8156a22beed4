-- Made with search_path on the schema of the store; every statement names none.
-- Instants (`_at`) are nanoseconds since 1970-01-01T00:00Z: an instant comes back as it went in.
-- Bytes named `sealed` are under a person's key; `body` is JSON of the layer above.

CREATE TABLE leaves (
  leaf_index BIGINT PRIMARY KEY CHECK (leaf_index >= 0),
  leaf BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  case_id BYTEA CHECK (length(case_id) = 16),
  version BIGINT,
  CHECK ((case_id IS NULL) = (version IS NULL))
);
CREATE UNIQUE INDEX leaves_by_case ON leaves (case_id, version) WHERE case_id IS NOT NULL;

CREATE TABLE tiles (
  level BIGINT NOT NULL,
  tile_index BIGINT NOT NULL,
  width BIGINT NOT NULL CHECK (width BETWEEN 1 AND 256),
  bytes BYTEA NOT NULL,
  PRIMARY KEY (level, tile_index)
);

CREATE TABLE checkpoints (
  size BIGINT PRIMARY KEY,
  -- The size of the checkpoint before it: a row that was removed is seen.
  before_size BIGINT,
  note BYTEA NOT NULL
);

CREATE TABLE person_keys (
  key_id BYTEA PRIMARY KEY CHECK (length(key_id) = 16),
  wrapped BYTEA,
  destroyed_at BIGINT,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

CREATE TABLE cases (
  case_id BYTEA PRIMARY KEY CHECK (length(case_id) = 16),
  peer TEXT COLLATE "C" NOT NULL,
  key_id BYTEA NOT NULL REFERENCES person_keys (key_id),
  version BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  ended_at BIGINT,
  next_at BIGINT,
  card_sealed BYTEA,
  number_ref BYTEA CHECK (length(number_ref) = 32)
);
CREATE INDEX cases_by_change ON cases (changed_at, case_id);
CREATE INDEX cases_in_custody ON cases (changed_at, case_id) WHERE ended_at IS NULL;
CREATE INDEX cases_by_next ON cases (next_at, case_id) WHERE next_at IS NOT NULL;
CREATE INDEX cases_by_number ON cases (number_ref, opened_at, case_id) WHERE number_ref IS NOT NULL;
CREATE INDEX cases_by_key ON cases (key_id);

CREATE TABLE tasks (
  case_id BYTEA NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
  task_key TEXT COLLATE "C" NOT NULL,
  body BYTEA NOT NULL,
  role TEXT COLLATE "C" NOT NULL,
  due_at BIGINT NOT NULL,
  PRIMARY KEY (case_id, task_key)
);
CREATE INDEX tasks_by_due ON tasks (due_at, case_id, task_key);
CREATE INDEX tasks_by_role ON tasks (role, due_at, case_id, task_key);

CREATE TABLE files (
  case_id BYTEA NOT NULL REFERENCES cases (case_id) ON DELETE CASCADE,
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  sealed BYTEA NOT NULL,
  PRIMARY KEY (case_id, digest)
);

CREATE TABLE peers (
  party TEXT COLLATE "C" PRIMARY KEY,
  body BYTEA NOT NULL
);

CREATE TABLE outbox (
  peer TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL CHECK (number > 0),
  envelope_id BYTEA NOT NULL CHECK (length(envelope_id) = 16),
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  case_id BYTEA CHECK (length(case_id) = 16),
  bytes BYTEA,
  attempts BIGINT NOT NULL,
  due_at BIGINT,
  receipt BYTEA,
  PRIMARY KEY (peer, number),
  UNIQUE (peer, envelope_id),
  CHECK ((receipt IS NULL) = (due_at IS NOT NULL)),
  CHECK (receipt IS NOT NULL OR bytes IS NOT NULL)
);
CREATE INDEX outbox_pending ON outbox (peer, number) WHERE receipt IS NULL;
CREATE INDEX outbox_by_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_case ON outbox (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE inbox (
  peer TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL CHECK (number > 0),
  envelope_id BYTEA NOT NULL CHECK (length(envelope_id) = 16),
  digest BYTEA NOT NULL CHECK (length(digest) = 32),
  waiting BYTEA,
  receipt BYTEA,
  PRIMARY KEY (peer, number),
  UNIQUE (peer, envelope_id),
  CHECK ((waiting IS NULL) = (receipt IS NOT NULL))
);
CREATE INDEX inbox_applied ON inbox (peer, number) WHERE receipt IS NOT NULL;
CREATE INDEX inbox_waiting ON inbox (peer, number) WHERE waiting IS NOT NULL;

CREATE TABLE accounts (
  account TEXT COLLATE "C" PRIMARY KEY,
  version BIGINT NOT NULL,
  body BYTEA NOT NULL
);

CREATE TABLE sessions (
  token_sha256 BYTEA PRIMARY KEY CHECK (length(token_sha256) = 32),
  account TEXT COLLATE "C" NOT NULL,
  ends_at BIGINT NOT NULL,
  body BYTEA NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE audit (
  number BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  account TEXT COLLATE "C",
  case_id BYTEA CHECK (length(case_id) = 16),
  body BYTEA NOT NULL
);

CREATE TABLE replies (
  key_sha256 BYTEA PRIMARY KEY CHECK (length(key_sha256) = 32),
  ends_at BIGINT NOT NULL,
  body BYTEA NOT NULL
);
CREATE INDEX replies_by_end ON replies (ends_at);

CREATE TABLE named_values (
  name TEXT COLLATE "C" PRIMARY KEY,
  value BYTEA NOT NULL
);
