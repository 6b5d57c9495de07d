import { parentPort, workerData } from 'node:worker_threads';
// Only what is needed: the rooms' fronts load clients of the event store and of TypeORM, which takes a second.
import type { StoredEvent } from '../../event-store/port.js';
import { decodeShare, type SharedPiece } from '../../event-store/segment.js';
import { createPool } from '../../postgres/pool.js';
import { allViews } from '../views.js';
import { Filler } from './filler.js';
import { sharedSource } from './source.js';
import { failureOf, type FromThread, type Share, type ToThread } from './threads.js';

// A thread of `foldInThreads`: decodes and folds its share of what it is given, and says how far it is.
const { url, view: name, generation, source: sourceName, share, partitions, last, skipped } = workerData as Share;
const port = parentPort!;
const tell = (message: FromThread): void => port.postMessage(message);
const abort = new AbortController();

const waiting: SharedPiece[] = [];
let isWhole = false;
let wake = (): void => undefined;
port.on('message', (message: ToThread) => {
  if (message.kind === 'piece') waiting.push(message.piece);
  else if (message.kind === 'whole') isWhole = true;
  else abort.abort();
  wake();
});

async function* pieces(): AsyncGenerator<readonly StoredEvent[]> {
  while (!abort.signal.aborted) {
    const piece = waiting.shift();
    if (piece !== undefined) {
      yield decodeShare(piece, share);
      tell({ kind: 'took' });
    } else if (isWhole) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

const view = allViews.find((each) => each.name === name)!;
const pool = createPool(url, { max: 2 });
try {
  const source = sharedSource(sourceName, partitions, pieces(), last);
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
