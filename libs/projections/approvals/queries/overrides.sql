-- $3 ids or NULL, $4 model versions or NULL, $5 status or NULL
SELECT o.position AS list_position, o.override_id AS list_id, o.model_id AS access_model_id,
  o.operator_id AS access_requester_id, ARRAY[]::text[] AS access_contributor_ids,
  o.override_id, o.status, o.model_version_id, o.model_id, o.environment, o.operator_id, o.reason, o.evidence_digest,
  o.used_at, o.valid_until, o.review_due_at, o.review_role, o.incident_id, o.reviewer_id, o.verdict, o.review_reason,
  o.reviewed_at, o.position
FROM read.override_at($1, $2) AS o
WHERE ($3::text[] IS NULL OR o.override_id = ANY ($3))
  AND ($4::text[] IS NULL OR o.model_version_id = ANY ($4))
  AND ($5::text IS NULL OR o.status = $5)
