-- $3 evaluations
SELECT g.position AS list_position, lpad(g.ordinal::text, 10, '0') AS list_id, NULL::text AS access_model_id,
  g.evaluation_id, g.gate_id, g.verdict, g.measurement, g.threshold, g.operator, g.reads, g.decision, g.decided_at,
  g.event_id, g.digest, g.position
FROM read.gate_verdict_at($1, $2) AS g
WHERE g.evaluation_id = ANY ($3::text[])
