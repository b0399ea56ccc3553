-- An import may read more than one blob. One text for SQLite and PostgreSQL.

ALTER TABLE registry_jobs ADD COLUMN input_part BIGINT NOT NULL DEFAULT 0;   -- which of its blobs it is at: input_etag, input_bytes and input_lines are of that
