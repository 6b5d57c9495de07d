-- $3 ids or NULL, $4 model or NULL, $5 status or NULL. The status is the furthest step of the version's way that
-- stands at this position: registered, evaluated, checked, submitted, approved, permitted, deployed, promoted,
-- rolled-back, retired.
SELECT w.*
FROM (
  SELECT v.position AS list_position, v.model_version_id AS list_id, v.model_id AS access_model_id,
    v.model_version_id, v.model_id, m.name AS model_name, m.owner_id, v.number, v.training_run_id,
    v.dataset_version_ids, v.code, v.artifact, v.features, v.grade, v.registered_by, v.registered_at,
    v.retired_at, v.retired_by, v.successor_id, v.retirement_reason, v.position,
    t.tier, t.function AS tier_function, t.inputs AS tier_inputs,
    (SELECT jsonb_agg(a.alias ORDER BY a.alias) FROM read.model_alias_at($1, $2) AS a
     WHERE a.model_version_id = v.model_version_id) AS aliases,
    e.evaluation_id AS latest_evaluation_id, e.expires_at AS evidence_expires_at, g.verdict AS gate_verdict,
    a.approval_id AS latest_approval_id, a.status AS approval_status, a.valid_until AS approval_valid_until,
    p.permit_id, p.status AS permit_status, p.valid_until AS permit_valid_until,
    s.deployment_ids, s.weight AS traffic_weight,
    CASE
      WHEN v.retired_at IS NOT NULL THEN 'retired'
      WHEN s.weight = 10000 THEN 'promoted'
      WHEN s.weight IS NOT NULL THEN 'deployed'
      WHEN EXISTS (
        SELECT FROM read.deployment_change_at($1, $2) AS c
        WHERE c.act = 'rolled-back' AND c.model_version_id = v.model_version_id) THEN 'rolled-back'
      WHEN p.status = 'valid' THEN 'permitted'
      WHEN a.status = 'granted' THEN 'approved'
      WHEN a.status = 'pending' THEN 'submitted'
      WHEN g.verdict = 'pass' THEN 'checked'
      WHEN e.evaluation_id IS NOT NULL THEN 'evaluated'
      ELSE 'registered'
    END AS status
  FROM read.model_version_at($1, $2) AS v
  LEFT JOIN read.model_at($1, $2) AS m ON m.model_id = v.model_id
  LEFT JOIN read.risk_tier_at($1, $2) AS t ON t.model_version_id = v.model_version_id
  LEFT JOIN LATERAL (
    SELECT * FROM read.evaluation_at($1, $2) AS e
    WHERE e.model_version_id = v.model_version_id AND e.status = 'recorded'
    ORDER BY e.position DESC LIMIT 1
  ) AS e ON TRUE
  LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_or(g.verdict = 'fail') THEN 'fail'
                WHEN bool_or(g.verdict = 'undefined') THEN 'undefined'
                WHEN bool_or(g.verdict = 'insufficient') THEN 'insufficient'
                WHEN count(*) > 0 THEN 'pass' END AS verdict
    FROM read.gate_verdict_at($1, $2) AS g WHERE g.evaluation_id = e.evaluation_id
  ) AS g ON TRUE
  LEFT JOIN LATERAL (
    SELECT * FROM read.approval_at($1, $2) AS a
    WHERE a.model_version_id = v.model_version_id ORDER BY a.requested_at DESC, a.approval_id DESC LIMIT 1
  ) AS a ON TRUE
  LEFT JOIN LATERAL (
    SELECT * FROM read.permit_at($1, $2) AS p
    WHERE p.model_version_id = v.model_version_id
    ORDER BY p.status = 'valid' DESC, p.issued_at DESC, p.permit_id DESC LIMIT 1
  ) AS p ON TRUE
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(DISTINCT d.deployment_id) AS deployment_ids, max((arm ->> 'weight')::bigint) AS weight
    FROM read.deployment_at($1, $2) AS d CROSS JOIN LATERAL jsonb_array_elements(d.arms) AS arm
    WHERE d.model_id = v.model_id AND d.status <> 'stopped' AND arm ->> 'modelVersionId' = v.model_version_id
  ) AS s ON TRUE
  WHERE ($3::text[] IS NULL OR v.model_version_id = ANY ($3)) AND ($4::text IS NULL OR v.model_id = $4)
) AS w
WHERE $5::text IS NULL OR w.status = $5
