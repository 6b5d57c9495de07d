import { approvals } from './approvals.js';
import { data } from './data.js';
import { models } from './models.js';
import { people } from './people.js';
import { serving } from './serving.js';
import type { Step, World } from './world.js';
import { HistoryWriter, Seeded, type HistoryEvent } from './writer.js';

/** A history over several workspaces that are interleaved; every event type occurs once `steps` is some thousand. */
export function randomHistory(seed: number, steps: number, workspaces = ['alpha', 'beta', 'gamma_2']): HistoryEvent[] {
  const random = new Seeded(seed);
  const writer = new HistoryWriter(random);
  const worlds = workspaces.map((workspace) => opened(workspace, writer));
  for (let step = 0; step < steps; step += 1) random.pick(allSteps)(random.pick(worlds), writer);
  return writer.events;
}

function opened(workspace: string, w: HistoryWriter): World {
  const administrator = w.random.uuid();
  const [grantId, serviceKeyId] = [w.random.uuid(), w.random.uuid()];
  w.append(workspace, 'workspace', workspace, 'WorkspaceOpened', {
    workspace,
    issuer: 'https://issuer.example',
    audience: 'assay',
    administrator,
    grantId,
    serviceKeyId,
  });
  const empty = { keys: [], policies: [], datasets: [], datasetVersions: [], models: [], runs: [], versions: [] };
  const later = { requests: [], overrides: [], permits: [], deployments: [], incidents: [], exports: [] };
  const grants = [{ id: grantId, isDelegation: false }];
  return {
    workspace,
    people: [administrator],
    services: [],
    grants,
    ...structuredClone(empty),
    ...structuredClone(later),
  };
}

const allSteps: readonly Step[] = [...people, ...data, ...models, ...models, ...approvals, ...approvals, ...serving];
