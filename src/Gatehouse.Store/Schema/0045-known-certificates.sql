-- Certificates that hubs and provisioning services have seen or issued, and alarms about those that end. One text for SQLite and PostgreSQL.
-- Times are 100 ns ticks since 0001-01-01 UTC, 0 for never. CA certificates, revocation lists and the server's own are not here: they are few, and read where they are kept.

CREATE TABLE known_certificates (
  tenant TEXT NOT NULL,              -- hub or provisioning service
  owner TEXT NOT NULL,               -- device id, or registration id in lower case; empty for what stands above devices
  module TEXT NOT NULL,              -- empty for the device itself
  thumbprint TEXT NOT NULL,          -- SHA-256, hex, upper-case
  kind TEXT NOT NULL,                -- Certificates/CertificateKinds: device, issued, intermediate
  subject TEXT NOT NULL,
  issuer TEXT NOT NULL,
  serial TEXT NOT NULL,              -- hex, upper-case
  key_type TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT NOT NULL,
  authority TEXT NOT NULL,           -- SHA-256 of the CA that it led to or was issued by; empty for one that is pinned
  is_current BIGINT NOT NULL,        -- 0: revoked, replaced, or its owner is gone
  first_seen BIGINT NOT NULL,        -- or issued
  last_seen BIGINT NOT NULL,
  next_alarm BIGINT NOT NULL,        -- when it is to be looked at; 0: no more
  PRIMARY KEY (tenant, owner, module, thumbprint)
);
-- What follows the order in an index lets a forecast count without the rows themselves.
CREATE INDEX known_certificates_end ON known_certificates (tenant, kind, not_after, thumbprint, owner, module, is_current, not_before);
CREATE INDEX known_certificates_newest ON known_certificates (tenant, owner, module, is_current, not_before, not_after);
CREATE INDEX known_certificates_issuer ON known_certificates (tenant, issuer, kind, not_after, thumbprint, owner, module);
CREATE INDEX known_certificates_authority ON known_certificates (tenant, authority, last_seen, is_current, owner, module) WHERE authority <> '';
CREATE INDEX known_certificates_alarm ON known_certificates (next_alarm) WHERE next_alarm > 0;

CREATE TABLE certificate_alarms (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,                  -- of the certificate, its owner and the threshold: whoever raises it second finds it there
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  module TEXT NOT NULL,
  thumbprint TEXT NOT NULL,
  subject TEXT NOT NULL,
  issuer TEXT NOT NULL,
  not_after BIGINT NOT NULL,
  days BIGINT NOT NULL,              -- threshold; 0: it has ended
  raised BIGINT NOT NULL,
  closed BIGINT NOT NULL,            -- when it was acknowledged or had become void; 0: it is open
  closed_by TEXT NOT NULL,           -- who acknowledged it; 'server' where it had become void
  is_open BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX certificate_alarms_end ON certificate_alarms (tenant, is_open, not_after, id);
