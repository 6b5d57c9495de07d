-- $3 ids or NULL, $4 subject or NULL, $5 role or NULL, $6 in force at this time or NULL. The first administrator's grant
-- began with the workspace; its row, if there is one, has only its end.
SELECT g.*
FROM (
  SELECT coalesce(g.position, w.position) AS list_position, coalesce(g.grant_id, w.grant_id) AS list_id,
    coalesce(g.subject_id, w.administrator) AS access_identity_id,
    coalesce(g.grant_id, w.grant_id) AS grant_id, coalesce(g.kind, 'grant') AS kind,
    coalesce(g.status, 'granted') AS status, coalesce(g.subject_id, w.administrator) AS subject_id, g.delegator_id,
    coalesce(g.role, CASE WHEN w.grant_id IS NOT NULL THEN 'administrator' END) AS role, g.scope,
    coalesce(g.valid_from, w.opened_at) AS valid_from, g.valid_until, g.granted_by, g.ended_at, g.ended_by, g.end_reason,
    coalesce(g.position, w.position) AS position
  FROM read.access_grant_at($1, $2) AS g
  FULL JOIN read.workspace_opening_at($1, $2) AS w ON w.grant_id = g.grant_id
) AS g
WHERE ($3::text[] IS NULL OR g.grant_id = ANY ($3))
  AND ($4::text IS NULL OR g.subject_id = $4)
  AND ($5::text IS NULL OR g.role = $5)
  AND ($6::text IS NULL OR (
    g.valid_from <= $6 AND coalesce(g.valid_until > $6, TRUE) AND coalesce(g.ended_at > $6, TRUE)))
