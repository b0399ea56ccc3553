-- When each credential was last used, and how. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC, 0 for never.

CREATE TABLE credential_uses (
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,           -- empty: a back end, by a policy's key
  module_id TEXT NOT NULL,           -- empty for the device itself
  generation_id TEXT NOT NULL,       -- of the identity; a later owner of the name inherits nothing
  credential TEXT NOT NULL,          -- Contracts/Credentials/CredentialName
  mark TEXT NOT NULL,                -- nonce of the sealed key, or the thumbprint as registered; empty for CAs. Another than that of the registry: the credential has been replaced
  first_used BIGINT NOT NULL,        -- of this mark
  last_used BIGINT NOT NULL,
  last_old_tls BIGINT NOT NULL,      -- last use over TLS before 1.3
  protocol TEXT NOT NULL,            -- this and what follows: of the last use
  tls_version TEXT,
  cipher_suite TEXT,
  server_certificate TEXT,           -- SHA-256 of ours
  server_issuer TEXT,                -- name of the CA above what we sent
  software TEXT,                     -- as the client named itself the last time it did
  shown TEXT,                        -- SHA-256 of what it sent beside its own certificate, one space between
  PRIMARY KEY (hub, device_id, module_id, credential)
);

CREATE INDEX credential_uses_by_credential ON credential_uses (hub, credential, device_id, module_id);
