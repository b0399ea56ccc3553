-- Where a hub's devices upload to, and what back ends are told of it. One text for SQLite and PostgreSQL.

-- One document per hub; the account's connection string sealed. A hub without a row has the defaults.
CREATE TABLE file_upload_properties (
  hub TEXT NOT NULL PRIMARY KEY,
  etag TEXT NOT NULL,
  definition TEXT NOT NULL
);

-- The container that the upload was begun for; empty for the embedded endpoint.
ALTER TABLE file_uploads ADD COLUMN place TEXT NOT NULL DEFAULT '';

-- 1 once the operator was told that it was never finished.
ALTER TABLE file_uploads ADD COLUMN is_reported BIGINT NOT NULL DEFAULT 0;

CREATE INDEX blobs_changed ON blobs (changed);
