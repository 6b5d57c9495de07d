-- $3 ids or NULL, $4 kind or NULL
SELECT i.position AS list_position, i.identity_id AS list_id, i.identity_id AS access_identity_id,
  i.identity_id, i.kind, i.status, i.owner_id, i.subject, i.display_name, i.registered_at, i.erased_at, i.position,
  ARRAY(
    SELECT l.linked_id FROM read.identity_link_at($1, $2) AS l WHERE l.identity_id = i.identity_id
    UNION SELECT l.identity_id FROM read.identity_link_at($1, $2) AS l WHERE l.linked_id = i.identity_id
    ORDER BY 1
  ) AS linked_ids
FROM read.identity_at($1, $2) AS i
WHERE ($3::text[] IS NULL OR i.identity_id = ANY ($3)) AND ($4::text IS NULL OR i.kind = $4)
