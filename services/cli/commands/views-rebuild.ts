import {
  allViews,
  readSkipped,
  rebuildView,
  segmentSource,
  skippedEvents,
  undoView,
  verifyView,
  type Progress,
  type Rebuilt,
  type Verified,
} from '../../../libs/projections/index.js';
import { createKafka, eventsTopic, kafkaOptions } from '../../../libs/messaging/index.js';
import { readConfiguration } from '../../../libs/runtime/index.js';
import { topicSource } from '../../projector/topic-source.js';
import { BadInput } from '../options.js';
import { viewNamed, type ViewsCall } from './views.js';

const everyMs = 1_000;

/** `assay views rebuild NAME`. */
export async function rebuild(call: ViewsCall): Promise<number> {
  const { segment, kafka } = call.options;
  if (segment !== undefined && kafka === true) throw new BadInput('--segment and --kafka: one of them');
  if (kafka === true) return fromTopic(call);
  const source = typeof segment === 'string' ? { source: segmentSource(segment, call.stores.store) } : {};
  return filled(call, (options) => rebuildView({ ...options, ...source }));
}

async function fromTopic(call: ViewsCall): Promise<number> {
  const read = readConfiguration();
  const topic = eventsTopic(read);
  const messaging = createKafka(kafkaOptions(read, 'assay-rebuild'));
  try {
    const source = topicSource({ messaging, pool: call.pool, topic, store: call.stores.store });
    return await filled(call, (options) => rebuildView({ ...options, source }));
  } finally {
    await messaging.close();
  }
}

/** `assay views undo NAME`. */
export function undo(call: ViewsCall): Promise<number> {
  return filled(call, undoView);
}

type Options = Parameters<typeof undoView>[0];

async function filled(call: ViewsCall, work: (options: Options) => Promise<Rebuilt>): Promise<number> {
  const { pool, stores, stdout, stderr, json, words } = call;
  const { store } = stores;
  const view = viewNamed(words[0]!);
  const skipped = (await skippedEvents(store, [view.name])).get(view.name);
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const progress = progressLine((line) => stderr.write(line));
    const { generation, events, outcome } = await work({
      pool,
      view,
      store,
      ...(skipped && { skipped }),
      signal: abort.signal,
      progress,
    });
    const result = { view: view.name, generation: generation.generation, events, outcome };
    if (json) stdout.write(`${JSON.stringify(result)}\n`);
    else if (outcome === 'switched')
      stdout.write(`${view.name}: generation ${generation.generation} is live (${events} events folded)\n`);
    else stdout.write(`${view.name}: stopped after ${events} events; run the same command again to go on\n`);
    return outcome === 'switched' ? 0 : 2;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** A line when the phase changes, and one a second while it lasts. */
function progressLine(write: (line: string) => void): (progress: Progress) => void {
  const began = performance.now();
  let last = -Infinity;
  let before = '';
  return ({ phase, source, events, position, head }) => {
    const now = performance.now();
    if (phase === before && now - last < everyMs) return;
    [last, before] = [now, phase];
    const share = head > 0n ? `${Number((position < 0n ? 0n : position * 1000n) / head) / 10} %` : '';
    const rate = now > began ? Math.round((events / (now - began)) * 1_000) : 0;
    const place = position < 0n ? '-' : position;
    write(
      `${phase}${source ? ` from ${source}` : ''}: ${events} events, position ${place} of ${head} (${share}), ${rate}/s\n`,
    );
  };
}

/** `assay views verify [NAME]`. */
export async function verify({ pool, stores, stdout, stderr, json, words }: ViewsCall): Promise<number> {
  const wanted = words[0] === undefined ? allViews : [viewNamed(words[0])];
  const { store } = stores;
  const isReleased = await readSkipped(
    store,
    wanted.map(({ name }) => name),
  );
  let code = 0;
  for (const view of wanted) {
    let last = performance.now();
    const progress = (events: number): void => {
      if (performance.now() - last < everyMs) return;
      last = performance.now();
      stderr.write(`${view.name}: ${events} events folded\n`);
    };
    const result = await verifyView({ pool, view, store, isReleased, progress });
    if (result.difference) code = 1;
    stdout.write(
      json ? `${JSON.stringify({ ...result, position: String(result.position) })}\n` : `${readable(result)}\n`,
    );
  }
  return code;
}

function readable({ view, generation, position, events, rows, difference }: Verified): string {
  const place = `${view} generation ${generation} at position ${position}`;
  if (difference === undefined) return `${place}: ${rows} rows are what ${events} events say`;
  return `${place} DIFFERS: ${difference.table} (${difference.key}): ${difference.problem}`;
}
