-- $3 ids or NULL, $4 owner or NULL
SELECT m.position AS list_position, m.model_id AS list_id, m.model_id AS access_model_id,
  m.model_id, m.name, m.owner_id, m.policy_id, m.intended_use, m.prohibited_uses, m.jurisdictions, m.description,
  m.registered_at, m.latest_number, m.position,
  (SELECT jsonb_agg(jsonb_build_object('alias', a.alias, 'modelVersionId', a.model_version_id) ORDER BY a.alias)
   FROM read.model_alias_at($1, $2) AS a WHERE a.model_id = m.model_id AND a.model_version_id IS NOT NULL) AS aliases
FROM read.model_at($1, $2) AS m
WHERE ($3::text[] IS NULL OR m.model_id = ANY ($3)) AND ($4::text IS NULL OR m.owner_id = $4)
