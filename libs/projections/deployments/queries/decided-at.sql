-- $3 time, $4 deployment or NULL, $5 endpoint or NULL, $6 model or NULL. The arms that carried traffic at that time, as
-- known at this position, each with its permit's state then.
SELECT c.position AS list_position, c.deployment_id || '.' || (arm.value ->> 'modelVersionId') AS list_id,
  d.model_id AS access_model_id, c.deployment_id, d.endpoint, d.environment, d.model_id,
  arm.value ->> 'modelVersionId' AS model_version_id, v.number AS model_version_number, arm.value ->> 'slot' AS slot,
  (arm.value ->> 'weight')::bigint AS weight, arm.value ->> 'permitId' AS permit_id, p.status AS permit_status,
  p.basis_kind, p.basis_id, c.at AS since, c.event_id, c.digest, c.position,
  (SELECT min(n.at) FROM read.deployment_change_at($1, $2) AS n
   WHERE n.deployment_id = c.deployment_id AND n.position > c.position) AS until
FROM read.deployment_at($1, $2) AS d
CROSS JOIN LATERAL (
  SELECT * FROM read.deployment_change_at($1, $2) AS c
  WHERE c.deployment_id = d.deployment_id AND c.at <= $3::text ORDER BY c.position DESC LIMIT 1
) AS c
CROSS JOIN LATERAL jsonb_array_elements(c.arms) AS arm(value)
LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = arm.value ->> 'modelVersionId'
LEFT JOIN LATERAL (
  SELECT * FROM read.permit AS p
  WHERE p.workspace = $1 AND p.position <= $2 AND p.permit_id = arm.value ->> 'permitId' AND p.changed_at <= $3::text
  ORDER BY p.position DESC LIMIT 1
) AS p ON TRUE
WHERE (arm.value ->> 'weight')::bigint > 0
  AND ($4::text IS NULL OR d.deployment_id = $4)
  AND ($5::text IS NULL OR d.endpoint = $5)
  AND ($6::text IS NULL OR d.model_id = $6)
