-- What is known of a device's measured boot, with its registration. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC; 0 for none.

ALTER TABLE registrations ADD COLUMN boot_round TEXT NOT NULL DEFAULT '';             -- part of the nonces of quotes; another one after each that was judged. Empty: never measured
ALTER TABLE registrations ADD COLUMN boot_state TEXT NOT NULL DEFAULT '{}';           -- JSON: MeasuredBoot/BootState
ALTER TABLE registrations ADD COLUMN boot_due BIGINT NOT NULL DEFAULT 0;              -- when a new quote must have come
ALTER TABLE registrations ADD COLUMN boot_quarantined BIGINT NOT NULL DEFAULT 0;      -- since when
ALTER TABLE registrations ADD COLUMN boot_pending BIGINT NOT NULL DEFAULT 0;          -- MeasuredBoot/BootWork: what its hub has not been told yet
ALTER TABLE registrations ADD COLUMN boot_tried BIGINT NOT NULL DEFAULT 0;            -- when that was tried last

CREATE INDEX registrations_boot_due ON registrations (boot_due) WHERE boot_due > 0;
CREATE INDEX registrations_boot_pending ON registrations (boot_tried) WHERE boot_pending > 0;
