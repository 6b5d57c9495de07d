import type { Decider } from '../kernel.js';
import type { DatasetCommand, DatasetVersionCommand } from './commands.js';
import { decide, decideVersion } from './decide.js';
import type { DatasetEvent, DatasetVersionEvent } from './events.js';
import { evolve, evolveVersion, noDataset, noDatasetVersion, type Dataset, type DatasetVersion } from './evolve.js';

export type { Dataset, DatasetVersion } from './evolve.js';
export const dataset: Decider<DatasetCommand, DatasetEvent, Dataset> = { initial: noDataset, decide, evolve };
export const datasetVersion: Decider<DatasetVersionCommand, DatasetVersionEvent, DatasetVersion> = {
  initial: noDatasetVersion,
  decide: decideVersion,
  evolve: evolveVersion,
};
