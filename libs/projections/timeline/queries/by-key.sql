-- $3 positions or NULL, $4 event ids or NULL
SELECT t.position AS list_position, t.event_id AS list_id, NULL::text AS access_model_id,
  t.event_id, t.type, t.schema_version, t.stream, t.subject_stream, t.revision, t.occurred_at, t.recorded_at,
  t.actor_id, t.actor_kind, t.on_behalf_of, t.command_id, t.correlation_id, t.causation_id, t.policy, t.grade,
  t.retention, t.digest, t.count, t.rule, t.action, t.position
FROM read.timeline_event_at($1, $2) AS t
WHERE t.position = ANY ($3::bigint[]) OR t.event_id = ANY ($4::text[])
