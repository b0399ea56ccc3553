-- Credential policies whose CA signs by a key in a key store of the server.

-- Address of the key; empty where the key is in private_key, which is empty else.
ALTER TABLE credential_policies ADD COLUMN signing_key TEXT NOT NULL DEFAULT '';

-- A key in a key store is the CA of one service only, for as long as a policy of it names the key.
CREATE TABLE issuing_keys (
  signing_key TEXT NOT NULL,
  service TEXT NOT NULL,
  PRIMARY KEY (signing_key)
);
