-- Where a device must come from, and how narrow its tokens must be. One text for SQLite and PostgreSQL.

ALTER TABLE identities ADD COLUMN networks TEXT;                                    -- of devices: ranges with a space between; NULL for anywhere
CREATE INDEX identities_bound ON identities (hub, device_id) WHERE networks IS NOT NULL;
ALTER TABLE hubs ADD COLUMN device_tokens TEXT NOT NULL DEFAULT 'any';              -- any, own
