-- Messages that endpoints did not take. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC.

CREATE TABLE dead_letters (
  hub TEXT NOT NULL,
  endpoint TEXT NOT NULL,            -- id of the endpoint
  part BIGINT NOT NULL,              -- of the endpoint's queue
  sequence BIGINT NOT NULL,          -- in that partition
  buried BIGINT NOT NULL,
  enqueued BIGINT NOT NULL,          -- when the hub took the message in
  reason TEXT NOT NULL,
  size BIGINT NOT NULL,              -- bytes of the record
  record BYTEA NOT NULL,             -- an event record (Contracts/Telemetry/EventWriter)
  PRIMARY KEY (hub, endpoint, part, sequence)
);

CREATE INDEX dead_letters_age ON dead_letters (hub, endpoint, buried, part, sequence, size);
