-- $3 policy ids or NULL, $4 version or NULL
SELECT p.position AS list_position, p.policy_id || '@' || p.version AS list_id, NULL::text AS access_model_id,
  p.policy_id, p.version, p.name, p.document, p.digest, p.published_by, p.published_at, p.superseded_by, p.superseded_at,
  p.position
FROM read.policy_version_at($1, $2) AS p
WHERE ($3::text[] IS NULL OR p.policy_id = ANY ($3)) AND ($4::bigint IS NULL OR p.version = $4)
