-- $3 identities or NULL
SELECT k.position AS list_position, k.key_id AS list_id, k.identity_id AS access_identity_id,
  k.identity_id, k.key_id, k.status, k.scopes, k.issued_at, k.expires_at, k.ended_at, k.position
FROM read.service_key_at($1, $2) AS k
WHERE $3::text[] IS NULL OR k.identity_id = ANY ($3)
