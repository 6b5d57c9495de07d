-- $3 ids or NULL, $4 model or NULL
SELECT r.position AS list_position, r.training_run_id AS list_id, r.model_id AS access_model_id,
  r.training_run_id, r.model_id, r.status, r.dataset_version_ids, r.engine, r.algorithm, r.job, r.code, r.seed, r.grade,
  r.started_by, r.started_at, r.ended_at, r.artifact, r.environment, r.record, r.measurements, r.failure, r.detail,
  r.position
FROM read.training_run_at($1, $2) AS r
WHERE ($3::text[] IS NULL OR r.training_run_id = ANY ($3)) AND ($4::text IS NULL OR r.model_id = $4)
