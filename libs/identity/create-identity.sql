CREATE TABLE identity_subject (
  workspace text NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  identity_id text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (workspace, issuer, subject)
);
CREATE INDEX identity_subject_identity ON identity_subject (workspace, identity_id);

CREATE TABLE service_key (
  workspace text NOT NULL,
  key_id text NOT NULL,
  identity_id text NOT NULL,
  secret_hash text NOT NULL CHECK (secret_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz NOT NULL,
  last_used_at timestamptz,
  PRIMARY KEY (workspace, key_id)
);

CREATE TABLE reauthentication (
  workspace text NOT NULL,
  token_digest text NOT NULL CHECK (token_digest ~ '^[0-9a-f]{64}$'),
  command_id text NOT NULL,
  used_at timestamptz NOT NULL,
  PRIMARY KEY (workspace, token_digest)
);
