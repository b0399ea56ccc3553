-- The trust log: an append-only Merkle tree (RFC 6962, C2SP tlog-tiles) of what is issued and of changes of trust. One text for SQLite and PostgreSQL.

-- Entries that have no place yet: written in the transaction of the change itself.
CREATE TABLE trust_log_queue (
  audit_sequence BIGINT NOT NULL PRIMARY KEY,   -- of the audit record that it tells of
  entry BYTEA NOT NULL,                         -- JSON
  fingerprint BYTEA                             -- SHA-256 of the certificate or key that it is about
);

CREATE TABLE trust_log_entries (
  position BIGINT NOT NULL PRIMARY KEY,         -- 0, 1, … without gaps
  audit_sequence BIGINT NOT NULL UNIQUE,
  entry BYTEA NOT NULL,
  fingerprint BYTEA
);
CREATE INDEX trust_log_fingerprint ON trust_log_entries (fingerprint, position) WHERE fingerprint IS NOT NULL;

CREATE TABLE trust_log_tiles (
  level BIGINT NOT NULL,
  tile BIGINT NOT NULL,
  hashes BYTEA NOT NULL,                        -- 32 bytes each, 256 when it is full; the last one of a level grows
  PRIMARY KEY (level, tile)
);

-- One row. Its lock is the sequencer's: one at a time over all nodes.
CREATE TABLE trust_log_head (
  id BIGINT NOT NULL PRIMARY KEY,
  origin TEXT NOT NULL,
  size BIGINT NOT NULL,
  root BYTEA NOT NULL,
  checkpoint TEXT NOT NULL,                     -- signed note; empty before the first
  checkpoint_size BIGINT NOT NULL
);

CREATE TABLE trust_log_keys (
  number BIGINT NOT NULL PRIMARY KEY,           -- the highest one signs, or is announced
  signing_key TEXT NOT NULL,                    -- its address
  verifier_key TEXT NOT NULL,                   -- its public half
  handover TEXT NOT NULL                        -- last checkpoint by the key before it, over its announcement; empty while it is only announced, and of the first
);
