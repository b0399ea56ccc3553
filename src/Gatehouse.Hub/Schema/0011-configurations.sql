-- Automatic device management. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC, 0 for never.
-- JSON is kept as text: what an operator wrote is shown in the order and with the digits it was written in.

CREATE TABLE configurations (
  hub TEXT NOT NULL,
  id TEXT NOT NULL,
  etag BIGINT NOT NULL,
  priority BIGINT NOT NULL,
  target_condition TEXT NOT NULL,
  content TEXT NOT NULL,             -- fixed once it is made
  labels TEXT NOT NULL,
  metrics TEXT NOT NULL,             -- queries by name
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  results TEXT NOT NULL,             -- what the metrics counted, by name
  measured BIGINT NOT NULL,          -- when
  PRIMARY KEY (hub, id)
);

-- One more with each change of what is applied to whom: who evaluates a twin reads it under the twin's lock.
CREATE TABLE configuration_revisions (
  hub TEXT NOT NULL PRIMARY KEY,
  revision BIGINT NOT NULL
);

-- Which configurations target which twin, and what each of them owns there.
CREATE TABLE configuration_targets (
  hub TEXT NOT NULL,
  configuration_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,           -- empty for a device, also when its modules are what is written (IoT Edge)
  is_applied BIGINT NOT NULL,        -- 0: others have precedence everywhere
  owned TEXT NOT NULL,               -- paths of desired properties, by module
  PRIMARY KEY (hub, configuration_id, device_id, module_id),
  FOREIGN KEY (hub, device_id, module_id) REFERENCES twins (hub, device_id, module_id) ON DELETE CASCADE
);

CREATE INDEX configuration_targets_twin ON configuration_targets (hub, device_id, module_id);

-- Configurations that were changed or deleted, and how far all twins concerned were gone through.
CREATE TABLE configuration_sweeps (
  hub TEXT NOT NULL,
  configuration_id TEXT NOT NULL,
  number BIGINT NOT NULL,            -- revision that it is for: a later change begins anew
  phase BIGINT NOT NULL,             -- 0: those it targets, 1: those that its condition finds
  device_id TEXT NOT NULL,           -- last one done
  module_id TEXT NOT NULL,
  PRIMARY KEY (hub, configuration_id)
);

-- The node that sweeps and measures.
CREATE TABLE configuration_leases (
  hub TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  until BIGINT NOT NULL
);

-- Nodes that evaluate the twins they change. One that ended without saying so may have left some undone.
CREATE TABLE configuration_nodes (
  hub TEXT NOT NULL,
  node TEXT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (hub, node)
);
