-- The hash-chained audit log and the refusals that operators ask for by identity. One text for SQLite and PostgreSQL.
-- Times are microseconds since 1970-01-01 UTC.

CREATE TABLE audit_log (
  sequence BIGINT NOT NULL PRIMARY KEY,
  time BIGINT NOT NULL,
  hub TEXT,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT,
  hash BYTEA NOT NULL                -- SHA-256 over the previous hash and this row's fields
);

CREATE INDEX audit_log_subject ON audit_log (subject, sequence);

-- One row: where the chain ends and where it begins. Its lock orders the writers.
CREATE TABLE audit_head (
  id BIGINT NOT NULL PRIMARY KEY,
  sequence BIGINT NOT NULL,          -- of the newest record
  hash BYTEA NOT NULL,
  anchor_sequence BIGINT NOT NULL,   -- of the record before the oldest one kept; 0 at first
  anchor_hash BYTEA NOT NULL
);

CREATE TABLE refusals (
  sequence BIGINT NOT NULL PRIMARY KEY,   -- of its audit record
  time BIGINT NOT NULL,
  hub TEXT NOT NULL,
  claimed TEXT NOT NULL,
  reason TEXT NOT NULL,
  error_code BIGINT NOT NULL,
  detail TEXT NOT NULL,
  protocol TEXT NOT NULL,
  remote_address TEXT,
  repeats BIGINT NOT NULL            -- further refusals of the same kind that this row stands for
);

CREATE INDEX refusals_claimed ON refusals (hub, claimed, sequence);
