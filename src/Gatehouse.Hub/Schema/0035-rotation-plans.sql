-- Plans that replace the keys of a policy while it is used. One text for SQLite and PostgreSQL. Times are 100 ns ticks since 0001-01-01 UTC, spans 100 ns ticks; 0 for not yet.

CREATE TABLE rotation_plans (
  hub TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  kind TEXT NOT NULL,                -- policy-key
  subject TEXT NOT NULL,             -- name of the policy
  first_key TEXT NOT NULL,           -- primaryKey or secondaryKey: the one that is regenerated first, to which clients move
  actor TEXT NOT NULL,               -- who started it, or made it
  state TEXT NOT NULL,               -- planned, running, paused, done, cancelled, failed
  quiet BIGINT NOT NULL,             -- how long nobody may use a key before it is regenerated
  at_latest BIGINT NOT NULL,         -- how long the move may take; 0 for as long as it takes
  etag TEXT NOT NULL,                -- of the policy as the plan left it
  created BIGINT NOT NULL,
  started BIGINT NOT NULL DEFAULT 0,
  renewed BIGINT NOT NULL DEFAULT 0, -- when the first key was regenerated
  ended BIGINT NOT NULL DEFAULT 0,
  watched BIGINT NOT NULL DEFAULT 0, -- span without a use, by the monotonic clock of the node that watches
  waited BIGINT NOT NULL DEFAULT 0,  -- span in this step
  seen_use BIGINT NOT NULL DEFAULT 0,      -- last use of the watched key that is known
  live BIGINT NOT NULL DEFAULT 0,    -- who stood on it at the last look
  old_was_used BIGINT NOT NULL DEFAULT 0,  -- 1: somebody used the key that goes last
  message TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '',    -- node that watches
  leased_until BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (hub, plan_id)
);

CREATE UNIQUE INDEX rotation_plans_open ON rotation_plans (hub, kind, subject) WHERE ended = 0;
