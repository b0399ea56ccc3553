-- Keys of devices and modules that are derived: what stands in the columns of their keys is public then. One text for SQLite and PostgreSQL.

ALTER TABLE hubs ADD COLUMN device_keys TEXT NOT NULL DEFAULT 'stored';             -- stored, derived
ALTER TABLE identities ADD COLUMN primary_derivation BIGINT NOT NULL DEFAULT 0;     -- number of the derivation key; 0 for a key that is stored, and for none
ALTER TABLE identities ADD COLUMN secondary_derivation BIGINT NOT NULL DEFAULT 0;

-- What they are derived from. A row is never changed: each key that was drawn by it needs it.
CREATE TABLE derivation_keys (
  hub TEXT NOT NULL,
  number BIGINT NOT NULL,            -- 1, 2, … ; stands in what is derived
  sealed BYTEA NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (hub, number)
);
