-- $3 ids or NULL
SELECT d.position AS list_position, d.dataset_id AS list_id, NULL::text AS access_model_id,
  d.dataset_id, d.name, d.purpose, d.legal_basis, d.licence, d.description, d.registered_by, d.registered_at, d.position,
  (SELECT count(*) FROM read.dataset_version_at($1, $2) AS v WHERE v.dataset_id = d.dataset_id) AS version_count
FROM read.dataset_at($1, $2) AS d
WHERE $3::text[] IS NULL OR d.dataset_id = ANY ($3)
