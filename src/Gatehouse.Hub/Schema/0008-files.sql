-- Files that devices upload. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC.
-- Bytes lie in the data directory under names of the server's own; no name that a device chose is ever a path there.

CREATE TABLE storage_accounts (
  hub TEXT NOT NULL PRIMARY KEY,
  account_key BYTEA NOT NULL          -- sealed; signs the tokens that devices upload with
);

CREATE TABLE file_uploads (
  hub TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  blob_name TEXT NOT NULL,
  started BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  PRIMARY KEY (hub, correlation_id)
);

CREATE INDEX file_uploads_device ON file_uploads (hub, device_id);
CREATE INDEX file_uploads_blob ON file_uploads (hub, blob_name);
CREATE INDEX file_uploads_expiry ON file_uploads (expires);

CREATE TABLE blobs (
  hub TEXT NOT NULL,
  blob_name TEXT NOT NULL,
  file_name TEXT NOT NULL,
  size BIGINT NOT NULL,
  content_type TEXT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (hub, blob_name)
);

CREATE TABLE blob_blocks (            -- sent, and in no blob yet
  hub TEXT NOT NULL,
  blob_name TEXT NOT NULL,
  block_id TEXT NOT NULL,
  file_name TEXT NOT NULL,
  size BIGINT NOT NULL,
  PRIMARY KEY (hub, blob_name, block_id)
);
