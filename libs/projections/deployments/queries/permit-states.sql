-- $3 permits. Every state that a permit has had up to this position.
SELECT p.position AS list_position, p.permit_id AS list_id, NULL::text AS access_model_id,
  p.permit_id, p.status, p.cause, p.changed_at, p.event_id, p.position
FROM read.permit AS p
WHERE p.workspace = $1 AND p.position <= $2 AND p.permit_id = ANY ($3::text[])
