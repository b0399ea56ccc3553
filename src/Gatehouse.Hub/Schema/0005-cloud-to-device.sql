-- Messages to devices, what became of them, and what back ends are told. One text for SQLite and PostgreSQL.
-- Times are 100 ns ticks since 0001-01-01 UTC, 0 for never.
-- Whoever changes several messages of a device takes the lock of its row in device_queues first, so that no two wait for each other.

CREATE TABLE device_queues (
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  generation_id TEXT NOT NULL,       -- of the identity; a later owner of the name gets nothing of an earlier one
  last_sequence BIGINT NOT NULL,
  PRIMARY KEY (hub, device_id, generation_id)
);

CREATE TABLE device_messages (
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  generation_id TEXT NOT NULL,
  sequence BIGINT NOT NULL,          -- per device, increasing
  message_id TEXT,                   -- for feedback; the hub's own where the sender gave none and wants feedback
  ack BIGINT NOT NULL,               -- Hub/CloudToDevice/Acknowledgement
  content BYTEA NOT NULL,            -- an event record (Contracts/Telemetry/EventWriter)
  enqueued BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  delivery_count BIGINT NOT NULL,    -- abandoned deliveries
  lock_token TEXT,
  locked_until BIGINT NOT NULL,      -- past: anybody may take it
  PRIMARY KEY (hub, device_id, generation_id, sequence)
);

CREATE INDEX device_messages_expiry ON device_messages (expires);

-- Records that wait for their batch.
CREATE TABLE feedback_records (
  hub TEXT NOT NULL,
  id TEXT NOT NULL,                  -- ordered by time
  device_id TEXT NOT NULL,
  generation_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  outcome BIGINT NOT NULL,           -- Hub/CloudToDevice/MessageOutcome
  recorded BIGINT NOT NULL,
  PRIMARY KEY (hub, id)
);

CREATE INDEX feedback_records_device ON feedback_records (hub, device_id);

CREATE TABLE notification_queues (
  hub TEXT NOT NULL,
  kind BIGINT NOT NULL,              -- Hub/Notifications/NotificationKind
  last_sequence BIGINT NOT NULL,
  PRIMARY KEY (hub, kind)
);

CREATE TABLE notifications (
  hub TEXT NOT NULL,
  kind BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  body BYTEA NOT NULL,               -- JSON, UTF-8
  enqueued BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  delivery_count BIGINT NOT NULL,
  lock_token TEXT,
  locked_until BIGINT NOT NULL,
  PRIMARY KEY (hub, kind, sequence)
);

CREATE INDEX notifications_expiry ON notifications (expires);
CREATE INDEX notifications_lock ON notifications (hub, kind, lock_token) WHERE lock_token IS NOT NULL;
