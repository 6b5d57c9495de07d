-- $3 approvals or NULL, $4 status or NULL, $5 overdue at this time or NULL. Open ones first, the earliest due first.
SELECT (extract(epoch FROM c.due_at::timestamptz) * 1000)::bigint
    + CASE WHEN c.status = 'open' THEN 0 ELSE 1000000000000000 END AS list_position,
  c.approval_id || '.' || c.condition_id AS list_id,
  a.model_id AS access_model_id, a.requester_id AS access_requester_id,
  ARRAY(SELECT p ->> 'identityId' FROM jsonb_array_elements(a.contributors) AS p) AS access_contributor_ids,
  c.approval_id, c.condition_id, a.model_version_id, a.model_id, c.status, c.owner_id, c.due_at, c.text, c.on_lapse,
  c.evidence, c.set_at, c.ended_at, c.position
FROM read.approval_condition_at($1, $2) AS c
LEFT JOIN read.approval_at($1, $2) AS a ON a.approval_id = c.approval_id
WHERE ($3::text[] IS NULL OR c.approval_id = ANY ($3))
  AND ($4::text IS NULL OR c.status = $4)
  AND ($5::text IS NULL OR (c.status = 'lapsed' OR c.status = 'open' AND c.due_at < $5))
