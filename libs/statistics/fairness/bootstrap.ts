import { Generator } from '../random/generator.js';
import type { GroupCell, GroupCells } from './cells.js';

/**
 * Bootstrap on cells: drawing n rows out of n with replacement and counting them is one multinomial draw over the cells
 * of the table, so a replicate costs its cells, not its rows (Efron 1979). Weighted tables are refused: their cells are
 * not counts.
 *
 * @returns one list of finite values per statistic, ascending; a replicate whose statistic is undefined is left out
 */
export function bootstrapCells(
  cells: GroupCells,
  statistics: readonly ((cells: GroupCells) => number | undefined)[],
  replicates: number,
  seed: number,
): Float64Array[] {
  const random = new Generator(seed);
  const counts = Float64Array.from(
    cells.groups.flatMap((cell) => [cell.truePositives, cell.falsePositives, cell.trueNegatives, cell.falseNegatives]),
  );
  const values = statistics.map((): number[] => []);
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const drawn = random.multinomial(counts);
    const resampled: GroupCells = {
      ...cells,
      groups: cells.groups.map((cell, i) => redrawn(cell, drawn, i * 4)).filter(({ rows }) => rows > 0),
    };
    statistics.forEach((statistic, i) => {
      const value = statistic(resampled);
      if (value !== undefined && Number.isFinite(value)) values[i]!.push(value);
    });
  }
  return values.map((own) => Float64Array.from(own).sort());
}

function redrawn(cell: GroupCell, drawn: Float64Array, at: number): GroupCell {
  const rows = drawn[at]! + drawn[at + 1]! + drawn[at + 2]! + drawn[at + 3]!;
  return {
    group: cell.group,
    truePositives: drawn[at]!,
    falsePositives: drawn[at + 1]!,
    trueNegatives: drawn[at + 2]!,
    falseNegatives: drawn[at + 3]!,
    rows,
    effective: rows,
  };
}
