-- $3 actor or NULL, $4 rule or NULL, $5 subject streams or NULL
SELECT d.position AS list_position, d.event_id AS list_id, d.actor_id AS access_identity_id,
  d.actor_id, d.rule, d.action, d.subject, d.minute, d.count, d.details, d.event_id, d.digest, d.position
FROM read.denial_at($1, $2) AS d
WHERE ($3::text IS NULL OR d.actor_id = $3)
  AND ($4::text IS NULL OR d.rule = $4)
  AND ($5::text[] IS NULL OR d.subject = ANY ($5))
