CREATE TABLE disclosure (
  workspace text NOT NULL,
  digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  salt bytea,
  value text,
  field text NOT NULL,
  subject_id text,
  stream text NOT NULL,
  command_id text NOT NULL,
  created_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  erased_at timestamptz,
  PRIMARY KEY (workspace, digest),
  -- An erased row holds neither salt nor text; any other row holds both.
  CHECK ((erased_at IS NULL) = (salt IS NOT NULL) AND (salt IS NULL) = (value IS NULL))
);
CREATE INDEX disclosure_subject ON disclosure (workspace, subject_id) WHERE subject_id IS NOT NULL;
CREATE INDEX disclosure_command ON disclosure (workspace, command_id);
CREATE INDEX disclosure_unconfirmed ON disclosure (workspace, created_at) WHERE confirmed_at IS NULL;
