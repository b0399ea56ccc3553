-- Who is still to be told what was revoked, and what is published of CAs that are no longer. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC.

-- Certificates that the service has revoked, once for each linked hub that has not been told yet.
CREATE TABLE revocation_notices (
  service TEXT NOT NULL,
  host_name TEXT NOT NULL,           -- the linked hub
  serial TEXT NOT NULL,
  hub TEXT NOT NULL,                 -- the hub of this server behind it; empty when it is on another one
  thumbprint TEXT NOT NULL,          -- SHA-256
  reason TEXT NOT NULL,              -- a word of RFC 5280
  registration TEXT NOT NULL,        -- to whom it was issued
  device_id TEXT NOT NULL,           -- who that is in the hub, as far as is known
  actor TEXT NOT NULL,               -- who revoked it
  attempts BIGINT NOT NULL,
  next_attempt BIGINT NOT NULL,
  problem TEXT NOT NULL,             -- of the last attempt; empty before there was one
  PRIMARY KEY (service, host_name, serial)
);
CREATE INDEX revocation_notices_due ON revocation_notices (next_attempt);

-- CAs that policies had before, while what they signed may be about: their certificates are given out yet.
CREATE TABLE former_authorities (
  service TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  mark TEXT NOT NULL,                -- of its key, as the addresses in certificates have it
  certificate TEXT NOT NULL,         -- base64 of DER
  not_after BIGINT NOT NULL,
  replaced BIGINT NOT NULL,          -- when another took its place
  PRIMARY KEY (service, policy_id, mark)
);
