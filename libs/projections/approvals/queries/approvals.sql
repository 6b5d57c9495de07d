-- $3 ids or NULL, $4 model versions or NULL, $5 model or NULL, $6 status or NULL
SELECT a.position AS list_position, a.approval_id AS list_id,
  a.model_id AS access_model_id, a.requester_id AS access_requester_id,
  ARRAY(SELECT c ->> 'identityId' FROM jsonb_array_elements(a.contributors) AS c) AS access_contributor_ids,
  a.approval_id, a.status, a.model_version_id, v.number AS model_version_number, a.model_id, m.name AS model_name,
  a.requester_id, a.environment, a.policy_id, a.policy_version, a.tier, a.stages, a.pins, a.evidence_digest,
  a.contributors, a.cause, a.requested_at, a.expires_at, a.open_stage, a.stage_opened_at, a.stage_deadline,
  a.signatures, a.abstentions, a.granted_at, a.valid_until, a.ended_at, a.ended_by, a.end_cause, a.position
FROM read.approval_at($1, $2) AS a
LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = a.model_version_id
LEFT JOIN read.model_at($1, $2) AS m ON m.model_id = a.model_id
WHERE ($3::text[] IS NULL OR a.approval_id = ANY ($3))
  AND ($4::text[] IS NULL OR a.model_version_id = ANY ($4))
  AND ($5::text IS NULL OR a.model_id = $5)
  AND ($6::text IS NULL OR a.status = $6)
