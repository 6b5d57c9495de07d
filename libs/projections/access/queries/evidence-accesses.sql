-- $3 export or NULL, $4 reader or NULL, $5 model version or NULL. Who read what.
SELECT x.position AS list_position, lpad(x.ordinal::text, 10, '0') AS list_id, v.model_id AS access_model_id,
  x.export_id, e.model_version_id, v.model_id, x.reader_id, x.what, x.at, x.event_id, x.digest, x.position
FROM read.evidence_access_at($1, $2) AS x
LEFT JOIN read.export_request_at($1, $2) AS e ON e.export_id = x.export_id
LEFT JOIN read.model_version_at($1, $2) AS v ON v.model_version_id = e.model_version_id
WHERE ($3::text IS NULL OR x.export_id = $3)
  AND ($4::text IS NULL OR x.reader_id = $4)
  AND ($5::text IS NULL OR e.model_version_id = $5)
