-- Keys of enrollments that were replaced by a plan, while devices in hubs still have what came from them. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC.

CREATE TABLE provisioning_key_rolls (
  service TEXT NOT NULL,
  roll_id TEXT NOT NULL,
  kind BIGINT NOT NULL,              -- 0 individual enrollment, 1 enrollment group
  enrollment TEXT NOT NULL,          -- its id, in lower case
  generation TEXT NOT NULL,          -- of the enrollment: a later one of the same id is another
  is_primary BIGINT NOT NULL,        -- which of the two keys
  old_key BYTEA NOT NULL,             -- sealed under the enrollment's binding; goes with the row
  actor TEXT NOT NULL,
  after_id TEXT NOT NULL,            -- registration id up to which this pass has come
  passes BIGINT NOT NULL,            -- passes that are through
  due BIGINT NOT NULL,               -- not before
  owner TEXT NOT NULL DEFAULT '',    -- node that works on it
  leased_until BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (service, roll_id)
);
