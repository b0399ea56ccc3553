-- What a hub has revoked. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC.

CREATE TABLE revocations (
  hub TEXT NOT NULL,
  mark TEXT NOT NULL,                -- SHA-256, hexadecimal in capitals: of the certificate, of its issuer's name and serial number, of the key
  kind TEXT NOT NULL,                -- Contracts/Credentials/RevocationKind in its word
  reason TEXT NOT NULL,              -- RFC 5280 §5.3.1 in its word
  note TEXT,
  subject TEXT,                      -- names and number for people
  issuer TEXT,
  serial_number TEXT,
  authority TEXT,                    -- base64 of the DER; CAs only
  actor TEXT NOT NULL,
  created BIGINT NOT NULL,
  sequence BIGINT NOT NULL,          -- of revocation_changes when it was written
  PRIMARY KEY (hub, mark)
);

CREATE UNIQUE INDEX revocations_by_sequence ON revocations (hub, sequence);

-- One row per hub, by which nodes see what they have not read: written in the transaction of each change.
CREATE TABLE revocation_changes (
  hub TEXT NOT NULL PRIMARY KEY,
  sequence BIGINT NOT NULL,          -- of the last change
  undone BIGINT NOT NULL             -- of the last change that took an entry away
);
