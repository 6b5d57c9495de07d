-- $3 approvals. Each pinned piece of evidence beside where its stream stands at this position.
SELECT a.position AS list_position, lpad(pin.place::text, 10, '0') AS list_id, a.model_id AS access_model_id,
  a.approval_id, pin.value ->> 'kind' AS kind, pin.value ->> 'stream' AS stream, pin.value ->> 'digest' AS digest,
  pin.value ->> 'revision' AS pinned_revision, head.revision AS head_revision,
  e.expires_at, coalesce(e.status, d.status) AS status
FROM read.approval_at($1, $2) AS a
CROSS JOIN LATERAL jsonb_array_elements(a.pins) WITH ORDINALITY AS pin(value, place)
LEFT JOIN LATERAL (
  SELECT max(t.revision)::text AS revision FROM read.timeline_event_at($1, $2) AS t
  WHERE t.subject_stream = pin.value ->> 'stream' AND t.stream = pin.value ->> 'stream'
) AS head ON TRUE
LEFT JOIN read.evaluation_at($1, $2) AS e
  ON pin.value ->> 'kind' = 'evaluation' AND e.evaluation_id = split_part(pin.value ->> 'stream', '.', 2)
LEFT JOIN read.dataset_version_at($1, $2) AS d
  ON pin.value ->> 'kind' = 'dataset-version' AND d.dataset_version_id = split_part(pin.value ->> 'stream', '.', 2)
WHERE a.approval_id = ANY ($3::text[])
