-- $3 ids or NULL, $4 model versions or NULL, $5 status or NULL
SELECT p.position AS list_position, p.permit_id AS list_id, v.model_id AS access_model_id,
  p.permit_id, p.status, p.model_version_id, v.model_id, p.artifact_digest, p.environment, p.basis_kind, p.basis_id,
  p.issued_at, p.valid_until, p.key_id, p.changed_at, p.cause, p.event_id, p.position
FROM read.permit_at($1, $2) AS p
LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = p.model_version_id
WHERE ($3::text[] IS NULL OR p.permit_id = ANY ($3))
  AND ($4::text[] IS NULL OR p.model_version_id = ANY ($4))
  AND ($5::text IS NULL OR p.status = $5)
