import { parentPort, workerData } from 'node:worker_threads';
import { createPool } from '#libs/postgres';
import { allViews } from '../views.js';
import { Filler } from './filler.js';
import { segmentShare } from './source.js';
import { failureOf, type FromThread, type Share } from './threads.js';

// A thread of `foldInThreads`: folds its share of a segment file, and says how far it is.
const { url, view: name, generation, path, partitions, skipped } = workerData as Share;
const port = parentPort!;
const tell = (message: FromThread): void => port.postMessage(message);
const abort = new AbortController();
port.on('message', () => abort.abort());

const view = allViews.find((each) => each.name === name)!;
const pool = createPool(url, { max: 2 });
try {
  const source = segmentShare(path, partitions, generation.partitions);
  const filler = await Filler.open({ pool, view, skipped }, generation);
  await filler.fold(source, abort.signal, (events) =>
    tell({ kind: 'written', events, position: filler.positionOf(source) }),
  );
  tell({ kind: 'ended' });
} catch (error) {
  tell(failureOf(error));
}
await pool.end();
port.close();
