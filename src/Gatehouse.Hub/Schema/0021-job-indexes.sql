-- What the node that runs a hub's jobs looks for every second is found among few rows, however many ended jobs are kept. One text for SQLite and PostgreSQL.

CREATE INDEX jobs_to_sweep ON jobs (hub, ended, job_id) WHERE status = 'cancelled' AND pending_count + running_count > 0;
CREATE INDEX registry_jobs_active ON registry_jobs (hub, created, job_id) WHERE status IN ('enqueued', 'running');
