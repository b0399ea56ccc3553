-- What a hub asks of proofs beyond what the service asks. One text for SQLite and PostgreSQL.

ALTER TABLE hubs ADD COLUMN max_token_seconds BIGINT NOT NULL DEFAULT 0;            -- 0 for no limit
ALTER TABLE hubs ADD COLUMN device_authentication TEXT NOT NULL DEFAULT 'any';      -- any, x509
ALTER TABLE hubs ADD COLUMN strictness_etag BIGINT NOT NULL DEFAULT 0;              -- counts changes of these
