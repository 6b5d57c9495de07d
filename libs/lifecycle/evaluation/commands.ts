import type { Command } from '../kernel.js';
import type { Disclosed, Id, Sha256 } from '../values.js';
import type { EvaluationRecorded, GateDecided } from './events.js';

/** What `decideGates` of `libs/policy` says, with the decision that it logs (rule 23). */
export type DecidedGate = Omit<GateDecided['data'], 'evaluationId'>;

/** `expiresAt` is set by the decider: `collectedAt` and the policy's days (rule 14). */
export type RecordEvaluation = Command<
  'RecordEvaluation',
  Omit<EvaluationRecorded['data'], 'expiresAt'> & {
    readonly facts: {
      readonly modelVersion: 'registered' | 'retired' | 'missing';
      readonly datasetVersion: 'sealed' | 'withdrawn' | 'missing';
      readonly evidenceValidDays: number;
      /** One for each gate of the model's policy that this evaluation measures. */
      readonly gates: readonly DecidedGate[];
    };
  }
>;
export type WithdrawEvaluation = Command<
  'WithdrawEvaluation',
  { readonly evaluationId: Id; readonly reason: Disclosed; readonly supersededBy?: Id }
>;
export type AmendEvaluation = Command<
  'AmendEvaluation',
  { readonly evaluationId: Id; readonly amendment: Sha256; readonly reason: Disclosed }
>;

export type EvaluationCommand = RecordEvaluation | WithdrawEvaluation | AmendEvaluation;
