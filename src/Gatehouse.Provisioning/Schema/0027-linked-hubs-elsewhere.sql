-- Linked hubs on other servers, and devices that could not be taken from the hub that they left. One text for SQLite and PostgreSQL.
-- A linked hub of another server has an empty "hub" and its connection string, sealed.

ALTER TABLE linked_hubs ADD COLUMN generation_id TEXT NOT NULL DEFAULT '';    -- part of the binding of the sealed connection string
ALTER TABLE linked_hubs ADD COLUMN connection BYTEA;                          -- sealed; null for a hub of this server
ALTER TABLE linked_hubs ADD COLUMN connection_shown TEXT NOT NULL DEFAULT ''; -- the same without its key
ALTER TABLE linked_hubs ADD COLUMN authorities TEXT NOT NULL DEFAULT '';      -- PEM; trusted for this hub beside the machine's roots
ALTER TABLE linked_hubs ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE linked_hubs ADD COLUMN etag TEXT NOT NULL DEFAULT '0';

CREATE TABLE left_devices (
  service TEXT NOT NULL,
  host_name TEXT NOT NULL,           -- the linked hub where the device still is
  device_id TEXT NOT NULL,
  registration TEXT NOT NULL,        -- who had it there
  attempts BIGINT NOT NULL,
  next_attempt BIGINT NOT NULL,
  problem TEXT NOT NULL,             -- of the last attempt
  created BIGINT NOT NULL,
  PRIMARY KEY (service, host_name, device_id)
);
CREATE INDEX left_devices_due ON left_devices (next_attempt);
