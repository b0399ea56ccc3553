-- When keys of enrollments and of policies of a service were made: 100 ns ticks since 0001-01-01 UTC. 0: not known; the server notes when it first sees the key. One text for SQLite and PostgreSQL.

ALTER TABLE provisioning_policies ADD COLUMN primary_made BIGINT NOT NULL DEFAULT 0;
ALTER TABLE provisioning_policies ADD COLUMN secondary_made BIGINT NOT NULL DEFAULT 0;
ALTER TABLE enrollments ADD COLUMN primary_made BIGINT NOT NULL DEFAULT 0;
ALTER TABLE enrollments ADD COLUMN secondary_made BIGINT NOT NULL DEFAULT 0;

-- Those with symmetric keys, by the older of the two.
CREATE INDEX enrollments_key_age ON enrollments (service, kind, (CASE WHEN primary_made < secondary_made THEN primary_made ELSE secondary_made END), name) WHERE attestation = 0;
