-- $3 ids or NULL, $4 model or NULL, $5 endpoint or NULL
SELECT d.position AS list_position, d.deployment_id AS list_id, d.model_id AS access_model_id,
  d.deployment_id, d.status, d.endpoint, d.environment, d.model_id, d.model_version_id, d.strategy, d.salt, d.arms,
  d.started_at, d.started_by, d.changed_at, d.changed_by, d.cause, d.reason, d.position
FROM read.deployment_at($1, $2) AS d
WHERE ($3::text[] IS NULL OR d.deployment_id = ANY ($3))
  AND ($4::text IS NULL OR d.model_id = $4)
  AND ($5::text IS NULL OR d.endpoint = $5)
