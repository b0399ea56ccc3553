-- When keys were made, plans that begin by themselves, and rules that make plans for keys of some age. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC, spans 100 ns ticks; 0 for not yet.

-- 0: not known; the server notes when it first sees the key.
ALTER TABLE policies ADD COLUMN primary_made BIGINT NOT NULL DEFAULT 0;
ALTER TABLE policies ADD COLUMN secondary_made BIGINT NOT NULL DEFAULT 0;
ALTER TABLE identities ADD COLUMN primary_made BIGINT NOT NULL DEFAULT 0;
ALTER TABLE identities ADD COLUMN secondary_made BIGINT NOT NULL DEFAULT 0;

-- Who has keys, by the older of the two.
CREATE INDEX identities_key_age ON identities (hub, (CASE WHEN primary_made < secondary_made THEN primary_made ELSE secondary_made END), device_id, module_id) WHERE credential_kind = 0;

ALTER TABLE rotation_plans ADD COLUMN begins BIGINT NOT NULL DEFAULT 0;          -- when it begins by itself
ALTER TABLE rotation_plans ADD COLUMN is_first_given BIGINT NOT NULL DEFAULT 1;  -- 0: which key goes first is chosen once more when it begins
ALTER TABLE rotation_plans ADD COLUMN by_rule BIGINT NOT NULL DEFAULT 0;         -- 1: made by the rule of its kind

CREATE INDEX rotation_plans_waiting ON rotation_plans (hub, begins) WHERE state = 'waiting';

CREATE TABLE rotation_rules (
  hub TEXT NOT NULL,
  kind TEXT NOT NULL,
  max_age BIGINT NOT NULL,
  quiet BIGINT NOT NULL,             -- as those of plans, to the next three
  at_latest BIGINT NOT NULL,
  tells BIGINT NOT NULL,
  canary BIGINT NOT NULL,
  at_once BIGINT NOT NULL,           -- most that are under way at a time
  actor TEXT NOT NULL,               -- who set it
  changed BIGINT NOT NULL,
  begun BIGINT NOT NULL DEFAULT 0,   -- when it made its last plan
  message TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '',    -- node that carries it out
  leased_until BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (hub, kind)
);

-- Keys for which a rule has made a plan, or could not, and when it tries again if they are still too old.
CREATE TABLE rotation_tries (
  hub TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,             -- as that of plans; of devices id or device/module
  tried BIGINT NOT NULL,
  retry BIGINT NOT NULL,
  is_left_out BIGINT NOT NULL,       -- 1: their keys are another rule's affair
  reason TEXT NOT NULL,
  PRIMARY KEY (hub, kind, subject)
);

CREATE INDEX rotation_tries_retry ON rotation_tries (hub, kind, retry);
