-- The nodes and edges on one side of the starting nodes, frontier by frontier, in one round trip.
-- Breadth first, each level in node order: the nodes found with a small budget are a prefix of those found with a
-- greater one, so that a count of nodes is a cursor. A node is entered once, so that cycles end.
-- {name} {edge} {node} {near} {far} are replaced: see evolve.ts.
CREATE OR REPLACE FUNCTION {name}(
  of_workspace text, as_of bigint, start bytea[], kinds bigint[], max_depth integer, max_nodes integer
)
RETURNS TABLE (
  -- All node ids in the order of the walk, 17 bytes each; how many nodes each level has; keys of hashed nodes by place.
  node_ids bytea, level_sizes text, key_places text, key_texts text,
  -- One array for each column, as Postgres writes arrays. Places count from 0.
  edge_near text, edge_far text, edge_kinds text, edge_positions text,
  cut text
)
LANGUAGE plpgsql STABLE
-- Arrays of very different length: each level deserves a plan of its own.
SET plan_cache_mode = force_custom_plan
-- Sorting thousands of node ids costs more than hashing them.
SET enable_mergejoin = off
AS $walk$
DECLARE
  frontier bytea[];
  visited bytea[];
  sizes integer[];
  depth integer := 0;
  before integer := 0;
  room integer;
  is_cut text;
  found_near integer[];
  found_far bytea[];
  found_kind bigint[];
  found_position bigint[];
  all_near integer[] := '{}';
  all_far bytea[] := '{}';
  all_kind bigint[] := '{}';
  all_position bigint[] := '{}';
  most_rows CONSTANT integer := 20000 + 8 * max_nodes;
BEGIN
  SELECT array_agg(s.node ORDER BY s.node) INTO frontier
  FROM (SELECT DISTINCT u.node FROM unnest(start) AS u(node)) AS s
  WHERE EXISTS (SELECT FROM {edge} AS e WHERE e.from_node = s.node AND e.position <= as_of AND e.workspace = of_workspace)
     OR EXISTS (SELECT FROM {edge} AS e WHERE e.to_node = s.node AND e.position <= as_of AND e.workspace = of_workspace);
  IF cardinality(frontier) > max_nodes THEN
    frontier := frontier[1 : max_nodes];
    is_cut := 'nodes';
  END IF;
  visited := coalesce(frontier, '{}');
  sizes := ARRAY[cardinality(visited)];

  WHILE cardinality(frontier) > 0 LOOP
    SELECT array_agg(e.place + before), array_agg(e.{far}), array_agg(e.kind), array_agg(e.position)
    INTO found_near, found_far, found_kind, found_position
    FROM (
      SELECT f.place, e.{far}, e.kind, e.position
      FROM unnest(frontier) WITH ORDINALITY AS f(node, place)
      JOIN {edge} AS e ON e.{near} = f.node
      WHERE e.position <= as_of AND e.workspace = of_workspace AND (kinds IS NULL OR e.kind = ANY (kinds))
      LIMIT most_rows
    ) AS e;
    IF cardinality(found_far) = most_rows THEN
      -- Hubs: the same, but from no node more than the whole budget can use. Rows are (neighbour, kind) and there are
      -- fewer than 32 kinds, so what the limit cuts off comes after more neighbours than the budget.
      SELECT array_agg(f.place + before), array_agg(e.far), array_agg(e.kind), array_agg(e.position)
      INTO found_near, found_far, found_kind, found_position
      FROM unnest(frontier) WITH ORDINALITY AS f(node, place)
      CROSS JOIN LATERAL (
        SELECT i.{far} AS far, i.kind, min(i.position) AS position FROM {edge} AS i
        WHERE i.{near} = f.node AND i.position <= as_of AND i.workspace = of_workspace
          AND (kinds IS NULL OR i.kind = ANY (kinds))
        GROUP BY i.{far}, i.kind ORDER BY i.{far}, i.kind LIMIT (max_nodes + 1) * 32
      ) AS e;
    END IF;
    EXIT WHEN found_far IS NULL;
    all_near := all_near || found_near;
    all_far := all_far || found_far;
    all_kind := all_kind || found_kind;
    all_position := all_position || found_position;

    before := cardinality(visited);
    room := CASE WHEN is_cut IS NOT NULL OR depth >= max_depth THEN 0 ELSE max_nodes - before END;
    SELECT array_agg(n.far) INTO frontier FROM (
      SELECT e.far FROM unnest(found_far) AS e(far) EXCEPT SELECT v.node FROM unnest(visited) AS v(node)
      ORDER BY 1 LIMIT room + 1
    ) AS n;
    EXIT WHEN is_cut IS NOT NULL;
    IF cardinality(frontier) > room THEN
      is_cut := CASE WHEN depth >= max_depth THEN 'depth' ELSE 'nodes' END;
      frontier := frontier[1 : room];
    END IF;
    depth := depth + 1;
    IF cardinality(frontier) > 0 THEN
      visited := visited || frontier;
      sizes := sizes || cardinality(frontier);
    END IF;
  END LOOP;

  RETURN QUERY
  WITH
    ids AS (SELECT string_agg(v.node, ''::bytea) AS list FROM unnest(visited) AS v(node)),
    keys AS (
      SELECT array_agg(v.place - 1)::text AS places, to_json(array_agg(n.key))::text AS texts
      FROM unnest(visited) WITH ORDINALITY AS v(node, place)
      JOIN {node} AS n ON n.workspace = of_workspace AND n.node = v.node
      -- Only ids with the highest bit of the kind set have their key in the dictionary.
      WHERE get_byte(v.node, 0) >= 128
    ),
    edges AS (
      SELECT array_agg(e.near - 1)::text AS near, array_agg(v.place - 1)::text AS far,
             array_agg(e.kind)::text AS kinds, array_agg(e.position)::text AS positions
      FROM unnest(all_near, all_far, all_kind, all_position) AS e(near, far, kind, position)
      JOIN unnest(visited) WITH ORDINALITY AS v(node, place) ON v.node = e.far
    )
  SELECT i.list, sizes::text, k.places, k.texts, e.near, e.far, e.kinds, e.positions, is_cut
  FROM ids AS i, keys AS k, edges AS e;
END
$walk$;
