// drift-report, drift-functions: PSI, JS, KS and Wasserstein, by evidently's definitions, of 50 columns, 1,000,000 rows against
// 1,000,000, the reference prepared. The peer is evidently 0.7.23 on a tenth of the rows, scaled a value, where Python
// is present.
import { Generator, driftReport, measure, prepareReference } from '#libs/statistics';
import type { Table } from '#libs/statistics';
import { askPeer, isHeld, type PeerAnswer } from './peers.js';

const rows = 1_000_000;
const columns = 50;
/** Columns in memory at a time. */
const group = 10;
const methods = ['psi@evidently', 'jensenshannon@evidently', 'ks@evidently', 'wasserstein@evidently'];

const shapes: readonly ((random: Generator, shift: number) => number)[] = [
  (random, shift) => random.normal() + shift,
  (random, shift) => Math.exp(3 * random.normal() + shift),
  (random, shift) => random.uniform() ** (1 + shift),
  (random, shift) => Math.floor(40 + 6 * (random.normal() + shift)),
  (random, shift) => random.normal() / random.normal() + shift,
];

export async function* bench() {
  const random = new Generator(1);
  let [functions, report] = [0, 0];
  for (let first = 0; first < columns; first += group) {
    const reference = tableOf(random, 0);
    prepareReference(reference);
    // A window is new to each of the two: neither finds what the other has sorted.
    functions += time(tableOf(random, 0.1), (current) => {
      for (const { name } of reference.columns)
        for (const method of methods) measure(method, [reference, current], { column: name });
    });
    report += time(tableOf(random, 0.1), (current) => driftReport(reference, current, undefined, methods));
  }
  const peer = askPeer<Peer>('drift', 'drift-requirements.txt');
  yield line('drift-report', report, peer, 'report', 20, 'evidently’s report');
  yield line('drift-functions', functions, peer, 'functions', 5, 'evidently’s bare functions');
}

function tableOf(random: Generator, shift: number): Table {
  return {
    rows,
    columns: Array.from({ length: group }, (_, i) => ({
      kind: 'numeric',
      name: `c${i}`,
      type: 'number',
      nulls: 0,
      values: Float64Array.from({ length: rows }, () => shapes[i % shapes.length]!(random, shift)),
    })),
  };
}

/** Seconds. */
function time(current: Table, work: (current: Table) => unknown): number {
  const start = performance.now();
  work(current);
  return (performance.now() - start) / 1000;
}

function line(name: string, seconds: number, peer: PeerAnswer<Peer>, part: keyof Peer, floor: number, against: string) {
  const ratio = 'result' in peer ? (peer.result[part] * rows * columns) / seconds : undefined;
  return {
    name,
    value: (rows * columns) / seconds,
    unit: 'values/s',
    ratio,
    against: 'result' in peer ? `${against} 0.7.23, on a tenth of the rows, scaled` : peer.notJudged,
    floor,
    ok: isHeld(peer, ratio, floor),
  };
}

/** Seconds a value. */
interface Peer {
  readonly functions: number;
  readonly report: number;
}
