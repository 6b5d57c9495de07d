-- What the projector knows of its views: generations, the position of each partition, and what stopped where.
-- Migration 1. Later changes are further numbered files (see registry.ts).
CREATE SCHEMA projection;
CREATE SCHEMA read;

CREATE TABLE projection.generation (
  view text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  -- Version of the view's definition that fills it.
  version integer NOT NULL,
  partitions integer NOT NULL CHECK (partitions BETWEEN 1 AND 1024),
  status text NOT NULL CHECK (status IN ('building', 'live', 'retired')),
  -- What it has published in schema `read`, to take it back at the switch.
  tables text[] NOT NULL,
  functions text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (view, generation)
);
CREATE UNIQUE INDEX generation_live ON projection.generation (view) WHERE status = 'live';

-- Everything at or before `position` is in the tables; -1: nothing yet. `recorded_at` is the greatest one seen.
CREATE TABLE projection.partition (
  view text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL DEFAULT -1,
  recorded_at text COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (view, generation, partition),
  FOREIGN KEY (view, generation) REFERENCES projection.generation ON DELETE CASCADE
) WITH (fillfactor = 50);

-- A stopped partition waits here for a recorded decision.
CREATE TABLE projection.stop (
  view text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  partition integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('poison', 'gap')),
  event_id text NOT NULL,
  event_type text NOT NULL,
  stream text NOT NULL,
  revision bigint NOT NULL,
  position bigint NOT NULL,
  error text NOT NULL,
  stopped_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (view, generation, partition),
  FOREIGN KEY (view, generation) REFERENCES projection.generation ON DELETE CASCADE
);

-- The least position whose event was recorded after a time is found here: a row for each event that raised the
-- greatest `recorded_at` of its partition (design, "Time").
CREATE TABLE projection.clock (
  generation integer NOT NULL,
  partition integer NOT NULL,
  recorded_at text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (generation, partition, recorded_at)
);

CREATE TABLE projection.migration (number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
INSERT INTO projection.migration (number) VALUES (1);
