-- Events of the hub's own making (twin changes, lifecycle, connection states, jobs) that wait for the event log. One text for SQLite and PostgreSQL.
-- A row is written in the transaction of what it tells, and only while a route asks for it; the node that routes the hub's events moves it on, in the order of ids.
-- The id is taken while the twin or the identity is locked, so that ids of one device follow its commits.

CREATE TABLE event_outbox (
  hub TEXT NOT NULL,
  id BIGSERIAL NOT NULL,             -- PostgreSQL counts by itself; for SQLite, with its one writer, it is one more than the last
  device_id TEXT NOT NULL,
  record BYTEA NOT NULL,             -- an event record (Contracts/Telemetry/EventWriter)
  PRIMARY KEY (hub, id)
);
