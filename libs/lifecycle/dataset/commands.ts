import type { Command } from '../kernel.js';
import type { Code, Disclosed, Id, Label, Sha256 } from '../values.js';
import type { DatasetRegistered, DatasetVersionSealed } from './events.js';

export type RegisterDataset = Command<'RegisterDataset', DatasetRegistered['data']>;

export type DatasetCommand = RegisterDataset;

/** `number` is the next one of the data set, given by the application under a reserved name. */
export type SealDatasetVersion = Command<
  'SealDatasetVersion',
  DatasetVersionSealed['data'] & {
    readonly facts: {
      readonly dataset: 'registered' | 'missing';
      /** One for each of `derivedFrom`, with everything that it is itself derived from. */
      readonly parents: readonly {
        readonly datasetVersionId: Id;
        readonly status: 'sealed' | 'withdrawn' | 'missing';
        readonly ancestors: readonly Id[];
      }[];
      readonly findings?: readonly { readonly rule: Code; readonly column?: Label; readonly detail: Sha256 }[];
    };
  }
>;
export type WithdrawDatasetVersion = Command<
  'WithdrawDatasetVersion',
  { readonly datasetVersionId: Id; readonly reason: Disclosed }
>;

export type DatasetVersionCommand = SealDatasetVersion | WithdrawDatasetVersion;
