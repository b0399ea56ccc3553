-- CA certificates and consumer groups. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC.
-- Names differ by more than case: name_key is the lower-case name.

CREATE TABLE ca_certificates (
  hub TEXT NOT NULL,
  name_key TEXT NOT NULL,
  name TEXT NOT NULL,
  etag TEXT NOT NULL,
  certificate TEXT NOT NULL,         -- base64 of the DER
  is_verified BIGINT NOT NULL,       -- 0 or 1; only 1 anchors devices
  verification_code TEXT,            -- outstanding, works once
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  PRIMARY KEY (hub, name_key)
);

-- $Default is in every hub and has no row.
CREATE TABLE consumer_groups (
  hub TEXT NOT NULL,
  name_key TEXT NOT NULL,
  name TEXT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (hub, name_key)
);
