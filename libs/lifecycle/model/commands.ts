import type { Command } from '../kernel.js';
import type { Disclosed, Id, Sha256, Slug, EvidenceGrade } from '../values.js';
import type { DatasetFacts } from '../training-run/commands.js';
import type { ModelRegistered, ModelVersionRegistered } from './events.js';

export type RegisterModel = Command<
  'RegisterModel',
  ModelRegistered['data'] & {
    readonly facts: {
      readonly owner: 'person' | 'service' | 'erased' | 'missing';
      readonly policy: 'published' | 'missing';
    };
  }
>;
/** First half of registering a version; a repeat for the same version changes nothing. The number is in the state. */
export type NumberModelVersion = Command<'NumberModelVersion', { readonly modelId: Id; readonly modelVersionId: Id }>;
export type MoveModelAlias = Command<
  'MoveModelAlias',
  { readonly modelId: Id; readonly alias: Slug; readonly modelVersionId?: Id }
>;

export type ModelCommand = RegisterModel | NumberModelVersion | MoveModelAlias;

/** `number` is what the model stream gave it. */
export type RegisterModelVersion = Command<
  'RegisterModelVersion',
  ModelVersionRegistered['data'] & {
    readonly facts: {
      readonly datasets: readonly DatasetFacts[];
      /** Of `trainingRunId`, where there is one. */
      readonly trainingRun?: {
        readonly status: 'started' | 'completed' | 'failed' | 'cancelled' | 'missing';
        readonly modelId?: Id;
        readonly artifactDigest?: Sha256;
        readonly grade?: EvidenceGrade;
      };
    };
  }
>;
export type RetireModelVersion = Command<
  'RetireModelVersion',
  {
    readonly modelVersionId: Id;
    readonly successorId?: Id;
    readonly reason: Disclosed;
    readonly facts: {
      /** Deployments that still give this version traffic. */
      readonly serving: readonly Id[];
      readonly successor?: { readonly modelId?: Id; readonly status: 'registered' | 'retired' | 'missing' };
    };
  }
>;

export type ModelVersionCommand = RegisterModelVersion | RetireModelVersion;
