-- Migration 2: rebuilding beside the live generation, from another process.

-- Raised for all partitions of a generation by whoever takes it from its writer: a writer that has loaded the one
-- before is refused and loads again.
ALTER TABLE projection.partition ADD COLUMN epoch integer NOT NULL DEFAULT 0;

-- It is being filled from a file or a store and lacks its indexes; the projector leaves it alone.
ALTER TABLE projection.generation ADD COLUMN filling boolean NOT NULL DEFAULT false;
-- Counts the switches of the view: an undo goes back to the retired generation with the greatest one.
ALTER TABLE projection.generation ADD COLUMN switched integer NOT NULL DEFAULT 0;

INSERT INTO projection.migration (number) VALUES (2);
