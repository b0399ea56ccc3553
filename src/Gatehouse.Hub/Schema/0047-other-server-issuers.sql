-- What a client went on after before it was shown something else. One text for SQLite and PostgreSQL.

ALTER TABLE credential_uses ADD COLUMN other_server_issuer TEXT;                    -- the last name of a CA above what we sent that was another one than server_issuer
