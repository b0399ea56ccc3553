-- Provisioning services, their policies, linked hubs, enrollments and registrations. One text for SQLite and PostgreSQL.
-- Times are 100 ns ticks since 0001-01-01 UTC. Ids are lower-case; names keep the case that they were given in.

CREATE TABLE provisioning_services (
  name TEXT NOT NULL PRIMARY KEY,
  id_scope TEXT NOT NULL UNIQUE,     -- 0ne and eight hex digits
  host_names TEXT NOT NULL,          -- one per line, lower-case, the first is the service's own
  allocation_policy TEXT NOT NULL,   -- for enrollments that name none
  individual_enrollments BIGINT NOT NULL,
  created BIGINT NOT NULL
);

CREATE TABLE provisioning_policies (
  service TEXT NOT NULL,
  name TEXT NOT NULL,
  generation_id TEXT NOT NULL,       -- part of the binding of the sealed keys
  rights BIGINT NOT NULL,            -- flags of Contracts/Access/Rights
  primary_key BYTEA NOT NULL,        -- sealed
  secondary_key BYTEA NOT NULL,      -- sealed
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (service, name)
);

CREATE TABLE linked_hubs (
  service TEXT NOT NULL,
  host_name TEXT NOT NULL,           -- what devices are told
  hub TEXT NOT NULL,                 -- a hub of this server
  allocation_weight BIGINT NOT NULL, -- 1 to 1000
  applies BIGINT NOT NULL,           -- 0: only for enrollments that name it
  PRIMARY KEY (service, host_name)
);

CREATE TABLE enrollments (
  service TEXT NOT NULL,
  kind BIGINT NOT NULL,              -- 0 individual, 1 group
  id TEXT NOT NULL,                  -- registration id or group id
  name TEXT NOT NULL,
  generation_id TEXT NOT NULL,       -- part of the binding of the sealed keys
  etag TEXT NOT NULL,
  attestation BIGINT NOT NULL,       -- Enrollments/AttestationType
  is_disabled BIGINT NOT NULL,
  primary_key BYTEA,                 -- sealed; symmetric keys only
  secondary_key BYTEA,
  proof TEXT NOT NULL,               -- JSON: certificates, CA names, TPM keys
  settings TEXT NOT NULL,            -- JSON: the rest of the wire document
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (service, kind, id)
);

-- What only one enrollment of a service may have: a certificate, an endorsement key, a device id.
CREATE TABLE enrollment_claims (
  service TEXT NOT NULL,
  claim TEXT NOT NULL,
  kind BIGINT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (service, claim)
);
CREATE INDEX enrollment_claims_owner ON enrollment_claims (service, kind, id);

CREATE TABLE registrations (
  service TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  enrollment_kind BIGINT NOT NULL,
  enrollment_id TEXT NOT NULL,
  operation_id TEXT NOT NULL,        -- of the newest registration
  status BIGINT NOT NULL,            -- Registrations/RegistrationStatus
  substatus BIGINT NOT NULL,         -- Registrations/RegistrationSubstatus
  host_name TEXT NOT NULL,           -- assigned hub; empty for none
  device_id TEXT NOT NULL,
  error_code BIGINT NOT NULL,        -- 0 for none
  error_message TEXT NOT NULL,
  etag TEXT NOT NULL,
  evidence TEXT NOT NULL,            -- JSON: what was attested, for the record
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (service, id)
);
CREATE INDEX registrations_enrollment ON registrations (service, enrollment_kind, enrollment_id, id);
CREATE INDEX registrations_device ON registrations (service, host_name, device_id);
