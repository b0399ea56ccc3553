-- Hubs, shared access policies, identities. One text for SQLite and PostgreSQL.
-- Times are 100 ns ticks since 0001-01-01 UTC, 0 for never. BYTEA is PostgreSQL's name; SQLite stores the blob as it is.

CREATE TABLE hubs (
  name TEXT NOT NULL PRIMARY KEY,
  host_names TEXT NOT NULL,          -- one per line, lower-case, the first is the hub's own
  created BIGINT NOT NULL
);

CREATE TABLE policies (
  hub TEXT NOT NULL,
  name TEXT NOT NULL,
  generation_id TEXT NOT NULL,       -- part of the binding of the sealed keys
  rights BIGINT NOT NULL,            -- flags of Contracts/Access/Rights
  primary_key BYTEA NOT NULL,        -- sealed
  secondary_key BYTEA NOT NULL,      -- sealed
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (hub, name)
);

CREATE TABLE identities (
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,           -- empty for the device itself
  generation_id TEXT NOT NULL,
  etag BIGINT NOT NULL,
  is_disabled BIGINT NOT NULL,       -- devices only; 0 or 1
  status_reason TEXT,
  status_changed BIGINT NOT NULL,
  credential_kind BIGINT NOT NULL,   -- Contracts/Credentials/CredentialKind
  primary_key BYTEA,                 -- sealed
  secondary_key BYTEA,               -- sealed
  primary_thumbprint TEXT,
  secondary_thumbprint TEXT,
  managed_by TEXT,                   -- modules only
  is_edge BIGINT NOT NULL,           -- devices only; 0 or 1
  device_scope TEXT,
  parent_scope TEXT,
  created BIGINT NOT NULL,
  PRIMARY KEY (hub, device_id, module_id)
);

-- One row per hub, changed in the transaction of the identity; its lock orders the registry's writers.
CREATE TABLE registry_counts (
  hub TEXT NOT NULL PRIMARY KEY,
  devices BIGINT NOT NULL,
  disabled_devices BIGINT NOT NULL,
  modules BIGINT NOT NULL
);
