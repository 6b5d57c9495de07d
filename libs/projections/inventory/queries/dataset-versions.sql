-- $3 ids or NULL, $4 data set or NULL
SELECT v.position AS list_position, v.dataset_version_id AS list_id, NULL::text AS access_model_id,
  v.dataset_version_id, v.dataset_id, d.name AS dataset_name, v.number, v.status, v.content, v.row_digest, v.rows,
  v.columns, v.profile, v.derived_from, v.code, v.grade, v.sealed_by, v.sealed_at, v.withdrawn_at,
  v.withdrawal_reason, v.position
FROM read.dataset_version_at($1, $2) AS v
LEFT JOIN read.dataset_at($1, $2) AS d ON d.dataset_id = v.dataset_id
WHERE ($3::text[] IS NULL OR v.dataset_version_id = ANY ($3)) AND ($4::text IS NULL OR v.dataset_id = $4)
