// boosting: gradient boosting of 100,000 × 20, 100 trees of 31 leaves, one thread, against scikit-learn's
// HistGradientBoostingClassifier of the same settings, where Python is present.
// Judged by the time and by the area under the curve of 25,000 rows that neither has seen.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { algorithms } from '#libs/learning';
import { Generator, rocAuc } from '#libs/statistics';
import { askPeer, isHeld, type PeerAnswer } from './peers.js';

const rows = 100_000;
const unseen = 25_000;
const width = 20;
const floor = 1 / 2.5;
const farthest = 0.002;

interface PeerRun {
  readonly seconds: number;
  readonly auc: number;
}

export async function* bench() {
  const random = new Generator(20_261_122);
  const values = new Float64Array((rows + unseen) * width);
  const labels = new Float64Array(rows + unseen);
  for (let row = 0; row < rows + unseen; row += 1) {
    const x = values.subarray(row * width, (row + 1) * width);
    for (let j = 0; j < width; j += 1) x[j] = Math.fround(random.normal());
    const z = x[0]! + x[1]! * x[2]! + Math.sin(3 * x[3]!) / 2 + (x[4]! > 0 ? 0.8 * x[5]! : 0) - 0.3 * x[6]! ** 2;
    labels[row] = random.uniform() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
  }
  const set = {
    rows,
    width,
    names: Array.from({ length: width }, (_, j) => `x${j}`),
    values: values.subarray(0, rows * width),
    target: labels.subarray(0, rows),
    classes: 2,
  };
  const boosting = algorithms.get('gradient_boosting')!;
  const fit = () => boosting.fit(set, { name: 'gradient_boosting' }, { seed: 0, checkpoint: () => undefined });
  let seconds = Infinity;
  for (let run = 0; run < 5; run += 1) {
    const start = performance.now();
    fit();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  const scores = fit()
    .predict(values.subarray(rows * width), unseen)
    .filter((_, i) => i % 2 === 1);
  const auc = rocAuc(Uint8Array.from(labels.subarray(rows)), scores)!;
  const answer = peer(values, labels);
  const theirs = 'result' in answer ? answer.result : undefined;
  const ratio = theirs && theirs.seconds / seconds;
  const against = theirs
    ? `speed of scikit-learn 1.9.1 HistGradientBoostingClassifier (${theirs.seconds.toFixed(2)} s)`
    : 'notJudged' in answer
      ? answer.notJudged
      : '';
  yield {
    name: 'boosting',
    value: seconds,
    unit: 's',
    ratio,
    against,
    floor,
    ok: isHeld(answer, ratio, floor),
  };
  const distance = theirs && theirs.auc - auc;
  yield {
    name: 'boosting-auc',
    value: auc,
    unit: `AUC${distance === undefined ? '' : `, ${distance.toFixed(5)} below scikit-learn's`}`,
    floor: theirs ? theirs.auc - farthest : 0.75,
    ok: distance === undefined ? isHeld(answer, undefined, farthest) && auc > 0.75 : distance <= farthest,
  };
}

function peer(values: Float64Array, labels: Float64Array): PeerAnswer<PeerRun> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-boosting-'));
  try {
    const file = join(folder, 'data');
    const all = new Float64Array(values.length + labels.length);
    all.set(values);
    all.set(labels, values.length);
    writeFileSync(file, new Uint8Array(all.buffer));
    return askPeer<PeerRun>('boosting', 'requirements.txt', [file, String(rows), String(unseen), String(width)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
