-- Migration 2: rebuilding beside the live generation, from another process.

-- Raised for all partitions of a generation by whoever takes it from its writer: a writer that has loaded the one
-- before is refused and loads again.
ALTER TABLE projection.partition ADD COLUMN epoch integer NOT NULL DEFAULT 0;

-- A rebuild fills it and the projector leaves it alone; a bare one lacks its indexes. NULL when it has gone live, and
-- where the projector itself fills it.
ALTER TABLE projection.generation ADD COLUMN rebuild text CHECK (rebuild IN ('bare', 'complete'));
-- Counts the switches of the view: an undo goes back to the retired generation with the greatest one.
ALTER TABLE projection.generation ADD COLUMN switched integer NOT NULL DEFAULT 0;

INSERT INTO projection.migration (number) VALUES (2);
