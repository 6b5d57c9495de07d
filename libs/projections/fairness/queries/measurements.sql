-- $3 evaluations
SELECT m.position AS list_position, lpad(m.ordinal::text, 10, '0') AS list_id, NULL::text AS access_model_id,
  m.evaluation_id, m.definition, m.value, m.undefined_because, m.n, m.denominator, m.interval,
  m.group_values AS "group", m.source, m.position
FROM read.evaluation_measurement_at($1, $2) AS m
WHERE m.evaluation_id = ANY ($3::text[])
