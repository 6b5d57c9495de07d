import type { TrainingRunCompleted, TrainingRunEvent, TrainingRunStarted } from './events.js';

type Started = TrainingRunStarted['data'];

export type TrainingRun =
  | { readonly status: 'none' }
  | ({ readonly status: 'started' | 'cancelled' } & Started)
  | ({ readonly status: 'failed'; readonly failure: string } & Started)
  | ({ readonly status: 'completed'; readonly result: TrainingRunCompleted['data'] } & Started);

export const noTrainingRun: TrainingRun = { status: 'none' };

export function evolve(state: TrainingRun, event: TrainingRunEvent): TrainingRun {
  switch (event.type) {
    case 'TrainingRunStarted':
      return { ...event.data, status: 'started' };
    case 'TrainingRunCompleted':
      return state.status === 'none' ? state : { ...state, status: 'completed', result: event.data };
    case 'TrainingRunFailed':
      return state.status === 'none' ? state : { ...state, status: 'failed', failure: event.data.code };
    case 'TrainingRunCancelled':
      return state.status === 'none' ? state : { ...state, status: 'cancelled' };
    default:
      event satisfies never;
      return state;
  }
}
