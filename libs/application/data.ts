import type { Id } from '#libs/lifecycle';
import { dataset, datasetVersion } from '#libs/lifecycle/dataset';
import { decide, fold, perform, Refusal, type Call } from './call.js';
import type { Handlers } from './handlers.js';
import { reserveName, takeName } from './names.js';

/** Most data set versions that a derivation is followed through. */
const maximumAncestors = 1000;

export const data: Pick<Handlers, 'RegisterDataset' | 'SealDatasetVersion' | 'WithdrawDatasetVersion'> = {
  async RegisterDataset(call, { datasetId, name, purpose, legalBasis, licence }) {
    call.authorize('register', 'Dataset');
    const loaded = await call.load('dataset', datasetId);
    const before = await call.repeated(loaded);
    if (before) return before;
    const registered = {
      datasetId,
      name,
      purpose,
      legalBasis,
      ...(licence !== undefined && { licence }),
      ...call.text('description'),
    };
    const events = decide(call, dataset, loaded, fold(dataset, loaded), 'RegisterDataset', registered);
    await reserveName(call, 'dataset', name, datasetId);
    await call.append(loaded, events);
    return call.accepted();
  },

  async SealDatasetVersion(call, input) {
    call.authorize('seal', 'DatasetVersion');
    const { datasetVersionId, datasetId } = input;
    const loaded = await call.load('datasetVersion', datasetVersionId);
    const before = await call.repeated(loaded);
    if (before) return before;
    const parents = await Promise.all(
      input.derivedFrom.map(async (parent) => ({
        datasetVersionId: parent,
        status: await datasetStanding(call, parent),
        ancestors: await ancestorsOf(call, parent),
      })),
    );
    const registered = (await call.load('dataset', datasetId)).revision !== undefined;
    const facts = { dataset: registered ? 'registered' : 'missing', parents };
    const state = fold(datasetVersion, loaded);
    // Decided once without its number, so that a refused version takes none.
    decide(call, datasetVersion, loaded, state, 'SealDatasetVersion', { ...input, number: 1, facts });
    const number = await takeNumber(call, datasetId, datasetVersionId);
    const events = decide(call, datasetVersion, loaded, state, 'SealDatasetVersion', { ...input, number, facts });
    await call.append(loaded, events);
    return call.accepted();
  },

  WithdrawDatasetVersion(call, { datasetVersionId }) {
    call.authorize('withdraw', 'DatasetVersion');
    const withdrawn = (): object => ({ datasetVersionId, reason: call.disclosed('reason') });
    return perform(call, datasetVersion, 'datasetVersion', datasetVersionId, 'WithdrawDatasetVersion', withdrawn);
  },
};

export async function datasetStanding(call: Call, id: Id): Promise<'sealed' | 'withdrawn' | 'missing'> {
  const { status } = fold(datasetVersion, await call.load('datasetVersion', id));
  return status === 'none' ? 'missing' : status;
}

/** Everything that a data set version is derived from, read from the streams, nearest first; safe against cycles. */
export async function ancestorsOf(call: Call, datasetVersionId: Id): Promise<readonly Id[]> {
  const found = new Set<Id>();
  const queue = [datasetVersionId];
  for (const id of queue) {
    const state = fold(datasetVersion, await call.load('datasetVersion', id));
    for (const parent of state.status === 'none' ? [] : state.derivedFrom) {
      if (found.has(parent)) continue;
      if (found.size >= maximumAncestors)
        throw new Refusal('LineageTooDeep', { datasetVersionId, atMost: maximumAncestors });
      found.add(parent);
      queue.push(parent);
    }
  }
  return [...found];
}

/**
 * The next number of the data set; each is a name of its own, so that no two versions get the same. A version that is
 * cut off between its number and its seal goes on with that number, or leaves a gap when others came first.
 */
async function takeNumber(call: Call, datasetId: Id, datasetVersionId: Id): Promise<number> {
  const known = call.directory.datasetVersions.get(datasetId)?.length ?? 0;
  for (let number = known + 1; ; number++)
    if ((await takeName(call, 'dataset-version', `${datasetId}:${number}`, datasetVersionId)) === datasetVersionId)
      return number;
}
