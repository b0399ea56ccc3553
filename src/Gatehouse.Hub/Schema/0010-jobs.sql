-- Jobs over many devices, and imports and exports of identities. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC, 0 for never.

CREATE TABLE jobs (
  hub TEXT NOT NULL,
  job_id TEXT NOT NULL,
  job_type TEXT NOT NULL,              -- scheduleUpdateTwin, scheduleDeviceMethod
  query_condition TEXT NOT NULL,       -- as sent
  parameters TEXT NOT NULL,            -- JSON: the twin patch as sent, or the method
  actor TEXT NOT NULL,                 -- who made the job
  status TEXT NOT NULL,                -- wire word
  created BIGINT NOT NULL,
  start_time BIGINT NOT NULL,
  max_seconds BIGINT NOT NULL,
  started BIGINT NOT NULL DEFAULT 0,
  ended BIGINT NOT NULL DEFAULT 0,
  is_selected BIGINT NOT NULL DEFAULT 0,      -- all its devices have their rows
  selected_device TEXT NOT NULL DEFAULT '',   -- until then: the last that has
  selected_module TEXT NOT NULL DEFAULT '',
  device_count BIGINT NOT NULL DEFAULT 0,     -- these five change in the transaction of the devices' rows
  pending_count BIGINT NOT NULL DEFAULT 0,
  running_count BIGINT NOT NULL DEFAULT 0,
  succeeded_count BIGINT NOT NULL DEFAULT 0,
  failed_count BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (hub, job_id)
);

CREATE INDEX jobs_by_status ON jobs (hub, status, start_time);
CREATE INDEX jobs_by_age ON jobs (hub, created, job_id);

CREATE TABLE job_devices (
  hub TEXT NOT NULL,
  job_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,             -- empty for the device itself
  generation_id TEXT NOT NULL,         -- of the identity that was selected; a later owner of the name is left alone
  status TEXT NOT NULL,                -- wire word
  attempts BIGINT NOT NULL DEFAULT 0,
  next_try BIGINT NOT NULL DEFAULT 0,
  created BIGINT NOT NULL,
  started BIGINT NOT NULL DEFAULT 0,
  ended BIGINT NOT NULL DEFAULT 0,
  updated BIGINT NOT NULL,
  error_code TEXT,
  error_description TEXT,
  outcome TEXT,                        -- JSON: {"deviceMethodResponse":…}
  PRIMARY KEY (hub, job_id, device_id, module_id)
);

CREATE INDEX job_devices_by_status ON job_devices (hub, job_id, status, next_try, device_id, module_id);
CREATE INDEX job_devices_by_device ON job_devices (hub, device_id, job_id);

-- The node that runs a hub's jobs, where several share a store.
CREATE TABLE job_leases (
  hub TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  until BIGINT NOT NULL
);

CREATE TABLE registry_jobs (           -- imports and exports of identities
  hub TEXT NOT NULL,
  job_id TEXT NOT NULL,
  job_type TEXT NOT NULL,              -- import, export
  status TEXT NOT NULL,                -- wire word
  actor TEXT NOT NULL,
  settings TEXT NOT NULL,              -- JSON: names of blobs, what to leave out
  containers BYTEA NOT NULL,           -- sealed: the addresses with their tokens
  created BIGINT NOT NULL,
  started BIGINT NOT NULL DEFAULT 0,
  ended BIGINT NOT NULL DEFAULT 0,
  progress BIGINT NOT NULL DEFAULT 0,  -- percent
  failure_reason TEXT,
  input_etag TEXT,                     -- of the blob whose lines are read
  input_bytes BIGINT NOT NULL DEFAULT 0,   -- of it, done
  input_lines BIGINT NOT NULL DEFAULT 0,
  errors BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (hub, job_id)
);

CREATE INDEX registry_jobs_by_age ON registry_jobs (hub, created, job_id);

CREATE TABLE registry_job_errors (     -- until they are in the container
  hub TEXT NOT NULL,
  job_id TEXT NOT NULL,
  line BIGINT NOT NULL,
  error TEXT NOT NULL,                 -- JSON
  PRIMARY KEY (hub, job_id, line)
);
