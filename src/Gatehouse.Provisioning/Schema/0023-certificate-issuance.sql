-- Certificates that the service issues to devices which register: the policies that say how, and what was issued.
-- Times are 100 ns ticks since 0001-01-01 UTC. Ids are lower-case; names keep the case that they were given in.

CREATE TABLE credential_policies (
  service TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  generation_id TEXT NOT NULL,       -- part of the binding of the sealed key
  etag TEXT NOT NULL,
  certificate TEXT NOT NULL,         -- of the CA, base64 of DER
  private_key BYTEA NOT NULL,        -- of the CA, sealed
  validity_days BIGINT NOT NULL,
  key_types TEXT NOT NULL,           -- one per line
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (service, id)
);

-- What was issued. A row is there before its certificate leaves the server.
CREATE TABLE issued_certificates (
  service TEXT NOT NULL,
  serial TEXT NOT NULL,              -- hex, upper-case
  registration_id TEXT NOT NULL,
  registration_name TEXT NOT NULL,
  policy TEXT NOT NULL,              -- name of the policy at that time
  policy_id TEXT NOT NULL,
  thumbprint TEXT NOT NULL,          -- SHA-256, hex, upper-case
  authority TEXT NOT NULL,           -- the same of the CA that signed
  key_type TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  issued BIGINT NOT NULL,
  superseded BIGINT NOT NULL,        -- when a later registration took its place; 0: it is the device's newest
  PRIMARY KEY (service, serial)
);
CREATE INDEX issued_certificates_time ON issued_certificates (service, issued, serial);
CREATE INDEX issued_certificates_registration ON issued_certificates (service, registration_id, issued, serial);
CREATE INDEX issued_certificates_policy ON issued_certificates (service, policy_id, issued, serial);
CREATE INDEX issued_certificates_end ON issued_certificates (service, not_after, serial);

-- The policy that an enrollment names; empty for none. Also in its settings, as the caller wrote it.
ALTER TABLE enrollments ADD COLUMN credential_policy TEXT NOT NULL DEFAULT '';
CREATE INDEX enrollments_credential_policy ON enrollments (service, credential_policy) WHERE credential_policy <> '';
