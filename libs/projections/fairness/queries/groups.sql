-- $3 evaluations
SELECT g.position AS list_position, lpad(g.ordinal::text, 10, '0') AS list_id, NULL::text AS access_model_id,
  g.evaluation_id, g.group_values AS "group", g.n, g.true_positives, g.false_positives, g.true_negatives,
  g.false_negatives, g.position
FROM read.evaluation_group_at($1, $2) AS g
WHERE g.evaluation_id = ANY ($3::text[])
