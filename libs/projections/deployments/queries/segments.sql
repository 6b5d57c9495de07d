-- $3 deployments or NULL, $4 model version or NULL
SELECT s.position AS list_position, s.segment_id AS list_id, d.model_id AS access_model_id,
  s.segment_id, s.deployment_id, d.model_id, s.rows, s.permits, s.content, s.segment_digest, s.from_time, s.to_time,
  s.event_id, s.digest, s.position
FROM read.prediction_segment_at($1, $2) AS s
LEFT JOIN read.deployment_at($1, $2) AS d ON d.deployment_id = s.deployment_id
WHERE ($3::text[] IS NULL OR s.deployment_id = ANY ($3)) AND ($4::text IS NULL OR s.rows ? $4)
