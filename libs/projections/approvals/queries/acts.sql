-- $3 approvals or NULL, $4 actor or NULL, $5 acts or NULL, $6 from or NULL, $7 to (exclusive) or NULL
SELECT t.position AS list_position, lpad(t.ordinal::text, 10, '0') AS list_id,
  coalesce(a.model_id, o.model_id) AS access_model_id, a.requester_id AS access_requester_id,
  ARRAY(SELECT c ->> 'identityId' FROM jsonb_array_elements(a.contributors) AS c) AS access_contributor_ids,
  t.approval_id, coalesce(a.model_version_id, o.model_version_id) AS model_version_id,
  coalesce(a.model_id, o.model_id) AS model_id, t.act, t.stage, t.actor_id, t.role, t.meaning, t.on_behalf_of,
  t.evidence_digest, t.decision, t.authentication, t.reason, t.detail, t.at, t.event_id, t.digest, t.position
FROM read.approval_act_at($1, $2) AS t
LEFT JOIN read.approval_at($1, $2) AS a ON a.approval_id = t.approval_id
LEFT JOIN read.override_at($1, $2) AS o ON o.override_id = t.approval_id
WHERE ($3::text[] IS NULL OR t.approval_id = ANY ($3))
  AND ($4::text IS NULL OR t.actor_id = $4)
  AND ($5::text[] IS NULL OR t.act = ANY ($5))
  AND ($6::text IS NULL OR t.at >= $6) AND ($7::text IS NULL OR t.at < $7)
