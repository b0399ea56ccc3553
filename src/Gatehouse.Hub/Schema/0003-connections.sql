-- Connection state and kept MQTT sessions. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC, 0 for never.

CREATE TABLE connection_states (
  hub TEXT NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,           -- empty for the device itself
  generation_id TEXT NOT NULL,       -- of the identity; a later owner of the name inherits nothing
  is_connected BIGINT NOT NULL,      -- 0 or 1
  state_changed BIGINT NOT NULL,
  last_activity BIGINT NOT NULL,
  kept_subscriptions BIGINT,         -- 2 bits (QoS + 1) for each kind of subscription; NULL: no kept session
  PRIMARY KEY (hub, device_id, module_id)
);
