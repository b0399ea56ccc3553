-- Twins of devices and modules. One text for SQLite and PostgreSQL. A twin comes and goes with its identity.
-- JSONB is PostgreSQL's name; SQLite stores the text as it is. Every JSON column holds an object.

CREATE TABLE twins (
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,                 -- empty for the device itself
  generation_id TEXT NOT NULL,             -- of the identity
  etag BIGINT NOT NULL,                    -- starts anywhere; one more with each write
  version BIGINT NOT NULL DEFAULT 2,       -- one more with each write; the service begins at 2
  model_id TEXT,                           -- as the device said when it connected
  tags JSONB NOT NULL DEFAULT '{}',
  desired JSONB NOT NULL DEFAULT '{}',
  desired_metadata JSONB NOT NULL DEFAULT '{"$lastUpdated":"0001-01-01T00:00:00Z"}',
  desired_version BIGINT NOT NULL DEFAULT 1,
  reported JSONB NOT NULL DEFAULT '{}',
  reported_metadata JSONB NOT NULL DEFAULT '{"$lastUpdated":"0001-01-01T00:00:00Z"}',
  reported_version BIGINT NOT NULL DEFAULT 1,
  configurations JSONB NOT NULL DEFAULT '{}',
  PRIMARY KEY (hub, device_id, module_id),
  FOREIGN KEY (hub, device_id, module_id) REFERENCES identities (hub, device_id, module_id) ON DELETE CASCADE
);

-- Index of tags: one row for each string, number and boolean that is not inside an array.
CREATE TABLE twin_tags (
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,
  path TEXT NOT NULL,                      -- keys joined by '.'; paths of more than 1,024 bytes have no row
  kind TEXT NOT NULL,                      -- string, number, boolean
  text_value TEXT,                         -- strings: their first 256 characters; booleans: true or false
  number_value DOUBLE PRECISION,
  PRIMARY KEY (hub, device_id, module_id, path),
  FOREIGN KEY (hub, device_id, module_id) REFERENCES twins (hub, device_id, module_id) ON DELETE CASCADE
);

CREATE INDEX twin_tags_by_text ON twin_tags (hub, path, text_value);
CREATE INDEX twin_tags_by_number ON twin_tags (hub, path, number_value);

INSERT INTO twins (hub, device_id, module_id, generation_id, etag)
SELECT hub, device_id, module_id, generation_id, etag FROM identities;
