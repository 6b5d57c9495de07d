// logistic: logistic regression of 100,000 × 20, one thread, against scikit-learn's float64 L-BFGS at the same loss to
// 1e-8 (relative), where Python is present.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fitLogistic } from '#libs/learning';
import { Generator } from '#libs/statistics';
import { askPeer, isHeld, type PeerAnswer } from './peers.js';

const rows = 100_000;
const width = 20;
const l2 = 1;
const floor = 1 / 4;

interface PeerRun {
  readonly tolerance: number;
  readonly seconds: number;
  readonly loss: number;
}

export async function* bench() {
  const random = new Generator(20_261_122);
  const truth = Float64Array.from({ length: width }, () => random.normal() / 2);
  const values = new Float64Array(rows * width);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const shared = random.normal();
    let z = -0.5;
    for (let j = 0; j < width; j += 1) {
      const x = random.normal() + (j < 8 ? shared : 0);
      values[row * width + j] = x;
      z += truth[j]! * x;
    }
    labels[row] = random.uniform() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
  }
  const fit = () => fitLogistic(values, width, labels, undefined, { l2 });
  let seconds = Infinity;
  for (let run = 0; run < 9; run += 1) {
    const start = performance.now();
    fit();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  const { objective } = fit();
  const answer = peer(values, labels);
  const reached = ('result' in answer ? answer.result : []).filter(
    (own) => Math.abs(own.loss - objective) <= 1e-8 * objective,
  );
  const best = reached.toSorted((a, b) => a.seconds - b.seconds)[0];
  const ratio = best && best.seconds / seconds;
  yield {
    name: 'logistic',
    value: seconds,
    unit: 's',
    ratio,
    against: best
      ? `speed of scikit-learn 1.9.1 lbfgs (tol ${best.tolerance}: ${best.seconds.toFixed(3)} s), same loss to 1e-8`
      : 'notJudged' in answer
        ? answer.notJudged
        : 'not judged: scikit-learn did not reach the same loss',
    floor,
    ok: isHeld(answer, ratio, floor),
  };
}

function peer(values: Float64Array, labels: Uint8Array): PeerAnswer<PeerRun[]> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-logistic-'));
  try {
    const file = join(folder, 'data');
    const all = new Float64Array(values.length + labels.length);
    all.set(values);
    all.set(labels, values.length);
    writeFileSync(file, new Uint8Array(all.buffer));
    return askPeer<PeerRun[]>('logistic', 'requirements.txt', [file, String(rows), String(width), String(l2)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
