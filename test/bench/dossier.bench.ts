import { monitorEventLoopDelay } from 'node:perf_hooks';
import { buildDossier, collectDossierEvents } from '#libs/dossier';
import { decode } from '../../libs/dossier/mortgage.test.js';
import { play } from '../../libs/dossier/mortgage-play.test.js';
import { inputOf, memoryStore, signer } from '../../libs/dossier/testing.test.js';

/** A dossier of 10,000 events: collected from a store in memory, rendered and signed. */
export async function* bench() {
  const wanted = 10_000;
  const few = play({ segments: 0 });
  const count = async ({ recorder, version2 }: ReturnType<typeof play>) => {
    const asOf = recorder.stored.at(-1)!.position;
    const options = { workspace: recorder.workspace, modelVersionId: version2, asOf };
    return { ...(await collectDossierEvents(memoryStore(recorder.stored), decode as never, options)), asOf };
  };
  const rest = (await count(few)).events.length;
  const whole = play({ segments: wanted - rest });
  const store = memoryStore(whole.recorder.stored);
  const asOf = whole.recorder.stored.at(-1)!.position;
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const options = { workspace: whole.recorder.workspace, modelVersionId: whole.version2, asOf };
  const { events, asOfTime } = await collectDossierEvents(store, decode as never, options);
  const built = await buildDossier({ ...inputOf(whole.recorder, whole.version2, events), asOf, asOfTime }, signer);
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  clearInterval(watch);
  if (events.length !== wanted) throw new Error(`${events.length} events, not ${wanted}`);
  if (built.pages < 100) throw new Error(`${built.pages} pages`);
  const longest = delay.max / 1e6;
  const megabytes = most / 2 ** 20;
  yield { name: 'dossier', value: seconds, unit: 's', floor: 5, ok: seconds < 5 };
  yield { name: 'dossier-memory', value: megabytes, unit: 'MB', floor: 512, ok: megabytes < 512 };
  yield { name: 'dossier-loop-delay', value: longest, unit: 'ms', floor: 50, ok: longest < 50 };
}
