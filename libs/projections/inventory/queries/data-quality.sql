-- $3 data set versions
SELECT q.position AS list_position, q.ordinal::text AS list_id, NULL::text AS access_model_id,
  q.dataset_version_id, q.rule, q.column_name, q.detail, q.found_at, q.position
FROM read.data_quality_at($1, $2) AS q
WHERE q.dataset_version_id = ANY ($3::text[])
