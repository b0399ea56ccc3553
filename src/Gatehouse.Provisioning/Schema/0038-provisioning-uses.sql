-- When each registration last used each credential of its enrollment, and back ends each key of a policy. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC.

CREATE TABLE provisioning_uses (
  service TEXT NOT NULL,
  kind BIGINT NOT NULL,              -- 0 individual enrollment, 1 enrollment group, 2 shared access policy
  owner TEXT NOT NULL,               -- id of the enrollment, in lower case; name of the policy
  registration TEXT NOT NULL,        -- registration id in lower case; empty: a back end
  credential TEXT NOT NULL,          -- primaryKey, secondaryKey, certificate/{SHA-256} (of the device, or of the CA of its group), endorsementKey
  generation TEXT NOT NULL,          -- of the enrollment: a later one of the same id inherits nothing; empty for policies
  mark TEXT NOT NULL,                -- nonce of the sealed key; SHA-256 of an endorsement key; empty for certificates. Another than that of the enrollment: the credential has been replaced
  first_used BIGINT NOT NULL,        -- of this mark
  last_used BIGINT NOT NULL,
  protocol TEXT NOT NULL,            -- this and what follows: of the last use
  tls_version TEXT,
  cipher_suite TEXT,
  server_certificate TEXT,           -- SHA-256 of ours
  server_issuer TEXT,                -- name of the CA above what we sent
  software TEXT,                     -- as the client named itself the last time it did
  PRIMARY KEY (service, kind, owner, registration, credential)
);

CREATE INDEX provisioning_uses_by_registration ON provisioning_uses (service, registration);
