-- $3 ids or NULL, $4 model version or NULL
SELECT e.position AS list_position, e.export_id AS list_id, v.model_id AS access_model_id,
  e.export_id, e.status, e.kind, e.model_version_id, v.model_id, e.as_of, e.requester_id, e.requested_at, e.files,
  e.ended_at, e.failure, e.position
FROM read.export_request_at($1, $2) AS e
LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = e.model_version_id
WHERE ($3::text[] IS NULL OR e.export_id = ANY ($3)) AND ($4::text IS NULL OR e.model_version_id = $4)
