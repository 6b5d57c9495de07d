-- $3 model version, $4 model, $5 data set version, $6 data set, $7 stream, $8 actor, $9 types, $10 only denials,
-- $11 with the sources of a model version (its training runs and data); NULL: not asked.
SELECT t.position AS list_position, t.event_id AS list_id, NULL::text AS access_model_id,
  t.event_id, t.type, t.schema_version, t.stream, t.subject_stream, t.revision, t.occurred_at, t.recorded_at,
  t.actor_id, t.actor_kind, t.on_behalf_of, t.command_id, t.correlation_id, t.causation_id, t.policy, t.grade,
  t.retention, t.digest, t.count, t.rule, t.action, t.position
FROM read.timeline_event_at($1, $2) AS t
WHERE (
    coalesce($3::text, $4::text, $5::text, $6::text, $7::text) IS NULL
    OR t.subject_stream = ANY (ARRAY(
      SELECT 'modelVersion-' || $1 || '.' || $3::text WHERE $3::text IS NOT NULL
      UNION SELECT s.stream FROM read.timeline_subject_at($1, $2) AS s
        WHERE s.subject_kind = 'model-version' AND s.subject_id = $3::text
          AND ($11::boolean OR split_part(s.stream, '-', 1) NOT IN ('trainingRun', 'datasetVersion'))
      -- What went into the training runs that made it.
      UNION SELECT 'datasetVersion-' || $1 || '.' || d.subject_id
        FROM read.timeline_subject_at($1, $2) AS s
        JOIN read.timeline_subject_at($1, $2) AS d ON d.stream = s.stream AND d.subject_kind = 'dataset-version'
        WHERE $11::boolean AND s.subject_kind = 'model-version' AND s.subject_id = $3::text
          AND split_part(s.stream, '-', 1) = 'trainingRun'
      UNION SELECT 'model-' || $1 || '.' || $4::text WHERE $4::text IS NOT NULL
      UNION SELECT s.stream FROM read.timeline_subject_at($1, $2) AS s
        WHERE s.subject_kind = 'model' AND s.subject_id = $4::text
      -- What is about a version of the model is about the model.
      UNION SELECT o.stream
        FROM read.timeline_subject_at($1, $2) AS s
        JOIN read.timeline_subject_at($1, $2) AS o
          ON o.subject_kind = 'model-version' AND o.subject_id = split_part(s.stream, '.', 2)
        WHERE s.subject_kind = 'model' AND s.subject_id = $4::text AND split_part(s.stream, '-', 1) = 'modelVersion'
      UNION SELECT 'datasetVersion-' || $1 || '.' || $5::text WHERE $5::text IS NOT NULL
      UNION SELECT s.stream FROM read.timeline_subject_at($1, $2) AS s
        WHERE s.subject_kind = 'dataset-version' AND s.subject_id = $5::text
      UNION SELECT 'dataset-' || $1 || '.' || $6::text WHERE $6::text IS NOT NULL
      UNION SELECT s.stream FROM read.timeline_subject_at($1, $2) AS s
        WHERE s.subject_kind = 'dataset' AND s.subject_id = $6::text
      UNION SELECT $7::text WHERE $7::text IS NOT NULL
    )::text[])
  )
  AND ($8::text IS NULL OR t.actor_id = $8)
  AND ($9::text[] IS NULL OR t.type = ANY ($9))
  AND (NOT $10::boolean OR t.type = 'DenialCounted')
