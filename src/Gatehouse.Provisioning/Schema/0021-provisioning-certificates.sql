-- CA certificates of provisioning services. Groups name them (caReferences); only those that were verified recognise devices.
-- Times are 100 ns ticks since 0001-01-01 UTC. Ids are lower-case; names keep the case that they were given in.

CREATE TABLE provisioning_certificates (
  service TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  etag TEXT NOT NULL,
  certificate TEXT NOT NULL,         -- base64 of DER
  is_verified BIGINT NOT NULL,
  verification_code TEXT,            -- given out and not proved yet; null for none
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (service, id)
);
