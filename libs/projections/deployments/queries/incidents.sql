-- $3 ids or NULL, $4 model versions or NULL, $5 status or NULL
SELECT i.position AS list_position, i.incident_id AS list_id, v.model_id AS access_model_id,
  i.incident_id, i.status, i.kind, i.model_version_id, v.model_id, i.reference, i.aware_at, i.opened_at, i.opened_by,
  i.description, i.closed_at, i.closed_by, i.closing_reason, i.position
FROM read.incident_at($1, $2) AS i
LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = i.model_version_id
WHERE ($3::text[] IS NULL OR i.incident_id = ANY ($3))
  AND ($4::text[] IS NULL OR i.model_version_id = ANY ($4))
  AND ($5::text IS NULL OR i.status = $5)
