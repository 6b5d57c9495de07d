// fairness, fairness-bootstrap, fairness-scores: 10,000,000 rows in memory, 2 attributes crossed, against fairlearn 0.15.0
// on a hundredth of the rows (AUC: a tenth), scaled per row, where Python is present.
// Both in one thread.
import { Generator, bootstrapCells, countCells, rankGroups, selectionRate } from '#libs/statistics';
import type { CategoryColumn, GroupCell, GroupCells } from '#libs/statistics';
import { askPeer, isHeld, type PeerAnswer } from './peers.js';

const rows = 10_000_000;

const rate = (count: number, denominator: number): number => (denominator > 0 ? count / denominator : 0);

/** The 13 metrics of fairlearn's MetricFrame that count labels and predictions. */
const metrics: readonly ((c: GroupCell) => number)[] = [
  (c) => c.rows,
  (c) => selectionRate(c)!,
  (c) => rate(c.truePositives, c.truePositives + c.falseNegatives),
  (c) => rate(c.trueNegatives, c.trueNegatives + c.falsePositives),
  (c) => rate(c.falsePositives, c.trueNegatives + c.falsePositives),
  (c) => rate(c.falseNegatives, c.truePositives + c.falseNegatives),
  (c) => rate(c.truePositives + c.trueNegatives, c.rows),
  (c) => rate(c.falsePositives + c.falseNegatives, c.rows),
  (c) => rate(c.truePositives, c.truePositives + c.falsePositives),
  (c) => rate(c.truePositives, c.truePositives + c.falseNegatives),
  (c) => rate(2 * c.truePositives, 2 * c.truePositives + c.falsePositives + c.falseNegatives),
  (c) =>
    (rate(c.truePositives, c.truePositives + c.falseNegatives) +
      rate(c.trueNegatives, c.trueNegatives + c.falsePositives)) /
    2,
  (c) => selectionRate(c)!,
];

function all(cells: GroupCells): number[] {
  return metrics.flatMap((metric) => {
    const values = cells.groups.map(metric);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [...values, high - low, low / high];
  });
}

function spread(cells: GroupCells, metric: (c: GroupCell) => number): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const cell of cells.groups) {
    const value = metric(cell);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

export async function* bench() {
  const random = new Generator(1);
  const column = (name: string, count: number): CategoryColumn => ({
    kind: 'category',
    name,
    type: 'string',
    nulls: 0,
    categories: Array.from({ length: count }, (_, i) => String(i)),
    codes: Int32Array.from({ length: rows }, () => random.integer(count)),
  });
  const attributes = [column('a', 5), column('b', 2)];
  const labels = Uint8Array.from({ length: rows }, () => random.next() & 1);
  const predictions = Uint8Array.from(labels, (label) => (random.next() % 4 === 0 ? 1 - label : label));
  const scores = Float64Array.from(labels, (label) => (random.uniform() + label * 0.3) / 1.3);

  const time = (work: () => unknown): number => {
    let best = Infinity;
    for (let run = 0; run < 3; run += 1) {
      const start = performance.now();
      work();
      best = Math.min(best, performance.now() - start);
    }
    return best / 1000;
  };
  const counted = time(() => all(countCells(attributes, labels, predictions)));
  const bootstrapped = time(() => {
    const cells = countCells(attributes, labels, predictions);
    const statistics = metrics.flatMap((metric) => [
      ...cells.groups.map((_, group) => (own: GroupCells) => metric(own.groups[group]!)),
      (own: GroupCells) => spread(own, metric).high - spread(own, metric).low,
      (own: GroupCells) => spread(own, metric).low / spread(own, metric).high,
    ]);
    bootstrapCells(cells, statistics, 2000, 7);
  });
  const scored = time(() => {
    const { groups, xauc } = rankGroups(attributes, labels, scores);
    const own = groups.map(({ auc }) => auc!);
    const [low, high] = [Math.min(...own), Math.max(...own)];
    return [...own, high - low, low / high, xauc(0, 1)];
  });
  const peer = askPeer<Peer>('fairness', 'requirements.txt');
  yield line('fairness', counted, peer, 'counts', 1500);
  yield line('fairness-bootstrap', bootstrapped, peer, 'bootstrap', 500);
  yield line('fairness-scores', scored, peer, 'scores', 100);
}

function line(name: string, seconds: number, peer: PeerAnswer<Peer>, part: keyof Peer, floor: number) {
  const ratio = 'result' in peer ? (peer.result[part] * rows) / seconds : undefined;
  return {
    name,
    value: rows / seconds,
    unit: 'rows/s',
    ratio,
    against: 'result' in peer ? 'fairlearn 0.15.0, on fewer rows, scaled per row' : peer.notJudged,
    floor,
    ok: isHeld(peer, ratio, floor),
  };
}

/** Seconds a row. */
interface Peer {
  readonly counts: number;
  readonly bootstrap: number;
  readonly scores: number;
}
