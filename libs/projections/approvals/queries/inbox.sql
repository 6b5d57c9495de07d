-- $3 roles. Open approvals whose open stage still asks for one of these roles; the nearest deadline is
-- the greatest place, so that it comes first.
SELECT -(extract(epoch FROM a.stage_deadline::timestamptz) * 1000)::bigint + 1000000000000000 AS list_position,
  a.approval_id AS list_id, a.model_id AS access_model_id, a.requester_id AS access_requester_id,
  ARRAY(SELECT c ->> 'identityId' FROM jsonb_array_elements(a.contributors) AS c) AS access_contributor_ids,
  a.approval_id, a.status, a.model_version_id, v.number AS model_version_number, a.model_id, m.name AS model_name,
  a.requester_id, a.environment, a.policy_id, a.policy_version, a.tier, a.stages, a.pins, a.evidence_digest,
  a.contributors, a.cause, a.requested_at, a.expires_at, a.open_stage, a.stage_opened_at, a.stage_deadline,
  a.signatures, a.abstentions, a.granted_at, a.valid_until, a.ended_at, a.ended_by, a.end_cause, a.position
FROM read.approval_at($1, $2) AS a
LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = a.model_version_id
LEFT JOIN read.model_at($1, $2) AS m ON m.model_id = a.model_id
WHERE a.status = 'pending' AND EXISTS (
  SELECT FROM jsonb_array_elements(a.stages) AS stage CROSS JOIN LATERAL jsonb_array_elements(stage -> 'quorum') AS asked
  WHERE stage ->> 'id' = a.open_stage AND asked ->> 'role' = ANY ($3::text[])
    AND (asked ->> 'minimum')::bigint > (
      SELECT count(DISTINCT s ->> 'signerId') FROM jsonb_array_elements(a.signatures) AS s
      WHERE s ->> 'stage' = a.open_stage AND s ->> 'role' = asked ->> 'role')
)
