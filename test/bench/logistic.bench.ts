// logistic: logistic regression of 100,000 × 20, one thread, against scikit-learn's float64 L-BFGS at the same loss to
// 1e-8 (relative), where Python with scikit-learn 1.9.1 is present (ASSAY_PEERS_PYTHON).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fitLogistic } from '#libs/learning';
import { repositoryRoot } from '#libs/runtime';
import { Generator } from '#libs/statistics';

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
  const reached = peer(values, labels)?.filter((own) => Math.abs(own.loss - objective) <= 1e-8 * objective);
  const best = reached?.reduce((a, b) => (a.seconds <= b.seconds ? a : b));
  const ratio = best && best.seconds / seconds;
  yield {
    name: 'logistic',
    value: seconds,
    unit: 's',
    ratio,
    against: best
      ? `speed of scikit-learn 1.9.1 lbfgs (tol ${best.tolerance}: ${best.seconds.toFixed(3)} s), same loss to 1e-8`
      : 'scikit-learn is not present',
    floor,
    ok: ratio === undefined || ratio >= floor,
  };
}

/** @returns undefined where scikit-learn is not installed */
function peer(values: Float64Array, labels: Uint8Array): PeerRun[] | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'assay-logistic-'));
  try {
    const file = join(folder, 'data');
    const all = new Float64Array(values.length + labels.length);
    all.set(values);
    all.set(labels, values.length);
    writeFileSync(file, new Uint8Array(all.buffer));
    const script = join(repositoryRoot(), 'test', 'bench', 'peers', 'logistic.py');
    const python = process.env['ASSAY_PEERS_PYTHON'] ?? 'python3';
    const child = spawnSync(python, [script, file, String(rows), String(width), String(l2)], { encoding: 'utf8' });
    return child.status === 0 ? (JSON.parse(child.stdout) as PeerRun[]) : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
