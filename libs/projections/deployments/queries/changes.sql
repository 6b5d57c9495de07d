-- $3 deployments or NULL, $4 from or NULL, $5 to (exclusive) or NULL, $6 environment or NULL. Every production change,
-- with the permits that it stands on and who signed for each.
SELECT c.position AS list_position, lpad(c.ordinal::text, 10, '0') AS list_id, d.model_id AS access_model_id,
  c.deployment_id, d.endpoint, d.environment, d.model_id, c.act, c.model_version_id, c.arms, c.cause, c.reason,
  c.actor_id, c.on_behalf_of, c.at, c.event_id, c.digest, c.position, basis.list AS basis
FROM read.deployment_change_at($1, $2) AS c
LEFT JOIN read.deployment_at($1, $2) AS d ON d.deployment_id = c.deployment_id
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object(
      'modelVersionId', arm ->> 'modelVersionId', 'permitId', p.permit_id, 'kind', p.basis_kind, 'id', p.basis_id,
      'signatures', coalesce(a.signatures, '[]'::jsonb), 'operatorId', o.operator_id
    ) ORDER BY arm ->> 'modelVersionId', p.permit_id) AS list
  FROM jsonb_array_elements(c.arms) AS arm
  JOIN read.permit_at($1, $2) AS p ON p.permit_id = arm ->> 'permitId'
  LEFT JOIN read.approval_at($1, $2) AS a ON p.basis_kind = 'approval' AND a.approval_id = p.basis_id
  LEFT JOIN read.override_at($1, $2) AS o ON p.basis_kind = 'override' AND o.override_id = p.basis_id
) AS basis ON TRUE
WHERE ($3::text[] IS NULL OR c.deployment_id = ANY ($3))
  AND ($4::text IS NULL OR c.at >= $4) AND ($5::text IS NULL OR c.at < $5)
  AND ($6::text IS NULL OR d.environment = $6)
