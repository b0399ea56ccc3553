-- Devices and modules of rotation plans that go through many of them (kind device-key). Spans are 100 ns ticks of the plan's own clock: rotation_plans.waited, which stands still while nobody watches.

ALTER TABLE rotation_plans ADD COLUMN tells BIGINT NOT NULL DEFAULT 0;  -- 1: devices are told by a desired property

CREATE TABLE rotation_members (
  hub TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  module_id TEXT NOT NULL,           -- empty for a device
  generation_id TEXT NOT NULL,
  first_key TEXT NOT NULL,           -- primaryKey or secondaryKey: the one that is regenerated first, to which it moves
  is_canary BIGINT NOT NULL,
  is_open BIGINT NOT NULL,           -- 1 until the plan is through with it
  state TEXT NOT NULL,               -- listed, waiting, renewed, moved; done, kept, skipped, left-out, rolled-back
  first_mark TEXT NOT NULL,          -- of both keys as the plan left them
  last_mark TEXT NOT NULL,
  since BIGINT NOT NULL DEFAULT 0,   -- span at which the watched key was last found in use
  stepped BIGINT NOT NULL DEFAULT 0, -- span at which it came to its state
  seen_use BIGINT NOT NULL DEFAULT 0,  -- last use of the watched key that is known: ticks since 0001-01-01 UTC
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (hub, plan_id, device_id, module_id)
);

CREATE INDEX rotation_members_open ON rotation_members (hub, plan_id, is_canary, device_id, module_id) WHERE is_open = 1;
CREATE INDEX rotation_members_identity ON rotation_members (hub, device_id, module_id) WHERE is_open = 1;
