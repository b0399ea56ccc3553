-- What was issued before stands in the inventory of all certificates, too. One text for SQLite and PostgreSQL.
-- The name of the CA was not kept: its SHA-256 stands in its place. The alarm is due when a third of the life is left, and looks again at what it may say.

INSERT INTO known_certificates (tenant, owner, module, thumbprint, kind, subject, issuer, serial, key_type, not_before, not_after, authority, is_current, first_seen, last_seen, next_alarm)
SELECT service, registration_id, '', thumbprint, 'issued', 'CN=' || registration_name, authority, serial, key_type, not_before, not_after, authority,
  CASE WHEN superseded = 0 AND revoked = 0 THEN 1 ELSE 0 END, issued, 0,
  CASE WHEN superseded = 0 AND revoked = 0 THEN not_after - (not_after - not_before) / 3 ELSE 0 END
FROM issued_certificates;
