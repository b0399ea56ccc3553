-- Message routing. One text for SQLite and PostgreSQL.

-- One document per hub: endpoints (their secrets sealed), routes, the fallback route, enrichments. A hub without a row has the defaults.
CREATE TABLE routing (
  hub TEXT NOT NULL PRIMARY KEY,
  etag TEXT NOT NULL,
  definition TEXT NOT NULL
);

-- How far each queue of events was carried on: the next sequence number of one partition of one log.
CREATE TABLE routing_positions (
  hub TEXT NOT NULL,
  queue TEXT NOT NULL,               -- 'intake', or the id of an endpoint
  part BIGINT NOT NULL,
  next BIGINT NOT NULL,
  PRIMARY KEY (hub, queue, part)
);

-- The node that routes a hub's events. Times are 100 ns ticks since 0001-01-01 UTC.
CREATE TABLE routing_leases (
  hub TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  until BIGINT NOT NULL
);
