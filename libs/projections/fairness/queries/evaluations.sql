-- $3 ids or NULL, $4 model versions or NULL, $5 gate verdict or NULL
SELECT w.*
FROM (
  SELECT e.position AS list_position, e.evaluation_id AS list_id, v.model_id AS access_model_id,
    e.evaluation_id, e.status, e.model_version_id, v.model_id, e.dataset_version_id, e.kinds, e.scheme, e.report,
    e.collected_at, e.expires_at, e.grade, e.evaluated_by, e.evaluated_at, e.amendments, e.superseded_by,
    e.withdrawn_at, e.withdrawal_reason, e.event_id, e.digest, e.position,
    (SELECT CASE WHEN bool_or(g.verdict = 'fail') THEN 'fail'
                 WHEN bool_or(g.verdict = 'undefined') THEN 'undefined'
                 WHEN bool_or(g.verdict = 'insufficient') THEN 'insufficient'
                 WHEN count(*) > 0 THEN 'pass' END
     FROM read.gate_verdict_at($1, $2) AS g WHERE g.evaluation_id = e.evaluation_id) AS gate_verdict
  FROM read.evaluation_at($1, $2) AS e
  LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = e.model_version_id
  WHERE ($3::text[] IS NULL OR e.evaluation_id = ANY ($3))
    AND ($4::text[] IS NULL OR e.model_version_id = ANY ($4))
) AS w
WHERE $5::text IS NULL OR w.gate_verdict = $5
