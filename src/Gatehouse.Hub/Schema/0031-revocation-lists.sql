-- CRLs of outside CAs, and what becomes of their devices while one is stale. One text for SQLite and PostgreSQL; BYTEA is PostgreSQL's name. Times are 100 ns ticks since 0001-01-01 UTC.

CREATE TABLE revocation_lists (
  hub TEXT NOT NULL,
  issuer TEXT NOT NULL,              -- mark of the CA's name and key, hexadecimal in capitals
  name_key TEXT NOT NULL,            -- name of the CA certificate, in small letters
  name TEXT NOT NULL,
  authority TEXT NOT NULL,           -- base64 of the CA certificate's DER
  stale TEXT NOT NULL,               -- accept or refuse
  version TEXT NOT NULL,             -- another one with each change: by it nodes see what they have not read
  number TEXT,                       -- CRL number, decimal; NULL while there is only a rule
  is_delta BIGINT NOT NULL,          -- whether a delta made it what it is
  this_update BIGINT NOT NULL,
  next_update BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  serials BYTEA NOT NULL,            -- Contracts/Credentials/RevokedSerials
  thumbprint TEXT,                   -- SHA-256 of what was imported last
  actor TEXT NOT NULL,
  updated BIGINT NOT NULL,
  stale_noted BIGINT NOT NULL,       -- whether the audit log tells that its time has passed
  PRIMARY KEY (hub, issuer)
);
