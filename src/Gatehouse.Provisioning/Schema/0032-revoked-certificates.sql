-- Certificates of the inventory that were revoked, and the lists of them that the CAs of credential policies have signed.

-- When, 0 for one that is not; and why, a word of RFC 5280, empty for none given.
ALTER TABLE issued_certificates ADD COLUMN revoked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE issued_certificates ADD COLUMN revocation_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX issued_certificates_revoked ON issued_certificates (service, not_after) WHERE revoked <> 0;

-- The newest list of a policy. It stays when the policy goes, so that numbers never fall.
CREATE TABLE signed_revocation_lists (
  service TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  content TEXT NOT NULL,             -- SHA-256 of what it says and of who says it; another: it is signed anew
  list TEXT NOT NULL,                -- base64 of DER
  signed BIGINT NOT NULL,
  PRIMARY KEY (service, policy_id)
);
