import type { Sha256, Slug } from '../values.js';
import type { EvaluationEvent, EvaluationRecorded, GateDecided } from './events.js';

export type Evaluation =
  | { readonly status: 'none' }
  | ({
      readonly status: 'recorded' | 'withdrawn';
      /** Verdict of each gate that this evaluation measured. */
      readonly gates: Readonly<Record<Slug, GateDecided['data']>>;
      readonly amendments: readonly Sha256[];
    } & EvaluationRecorded['data']);

export const noEvaluation: Evaluation = { status: 'none' };

export function evolve(state: Evaluation, event: EvaluationEvent): Evaluation {
  if (event.type === 'EvaluationRecorded') return { status: 'recorded', gates: {}, amendments: [], ...event.data };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'GateDecided':
      return { ...state, gates: { ...state.gates, [event.data.gateId]: event.data } };
    case 'EvaluationWithdrawn':
      return { ...state, status: 'withdrawn' };
    case 'EvaluationAmended':
      return { ...state, amendments: [...state.amendments, event.data.amendment] };
    default:
      event satisfies never;
      return state;
  }
}
