import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApplication, Directory, type ApplicationPorts, type RunningApplication } from '#libs/application';
import { openContentFolder } from '#libs/content';
import { createFanOut, encodeEvent, eventMetadata } from '#libs/event-store';
import type { AssayEvent, CommandContext } from '#libs/lifecycle';
import { newId } from '#libs/runtime';
import { canonicalDigest } from '#libs/signing';
import { testApplication } from '../../libs/application/testing.js';

/** A whole application on real stores, with a content folder and a fan-out. Close it in `afterAll`. */
export async function installation() {
  const app = await testApplication();
  const folder = await mkdtemp(join(tmpdir(), 'assay-installation-'));
  const content = await openContentFolder(join(folder, 'content'));
  const fanOut = createFanOut(app.ledger.store);
  const others: RunningApplication[] = [];

  /** Writes events as they are, past the application: what happened before the spec begins. */
  async function write(stream: string, ...events: AssayEvent[]): Promise<bigint> {
    const context: CommandContext = {
      workspace: app.workspace,
      actor: app.administrator,
      commandId: newId(),
      correlationId: newId(),
      now: app.clock.now().toISOString(),
    };
    const encoded = events.map((event) => {
      const facts = { id: newId(), stream, context, commandDigest: canonicalDigest(event) };
      return encodeEvent(event, eventMetadata(event, facts));
    });
    return (await app.ledger.store.append(stream, encoded, 'any')).position;
  }

  /** Types and data of a stream's events. */
  async function events(stream: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
    const found: { type: string; data: Record<string, unknown> }[] = [];
    for await (const { type, data } of app.ledger.store.readStream(stream))
      found.push({ type, data: JSON.parse(Buffer.from(data).toString()) as Record<string, unknown> });
    return found;
  }

  return {
    ...app,
    content,
    databaseUrl: (app.source.options as { readonly url: string }).url,
    events,
    fanOut,
    folder,
    write,
    /** A second process's application over the same stores. */
    newApplication(change: Partial<ApplicationPorts> = {}): RunningApplication {
      const other = createApplication({ ...app.ports, ...change, directory: new Directory() });
      others.push(other);
      return other;
    },
    async close(): Promise<void> {
      await fanOut.close();
      for (const other of others) await other.close();
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Installation = Awaited<ReturnType<typeof installation>>;
