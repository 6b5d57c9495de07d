import type { DatasetEvent, DatasetRegistered, DatasetVersionEvent, DatasetVersionSealed } from './events.js';

export type Dataset = { readonly status: 'none' } | ({ readonly status: 'registered' } & DatasetRegistered['data']);

export const noDataset: Dataset = { status: 'none' };

export function evolve(_state: Dataset, event: DatasetEvent): Dataset {
  return { status: 'registered', ...event.data };
}

export type DatasetVersion =
  { readonly status: 'none' } | ({ readonly status: 'sealed' | 'withdrawn' } & DatasetVersionSealed['data']);

export const noDatasetVersion: DatasetVersion = { status: 'none' };

export function evolveVersion(state: DatasetVersion, event: DatasetVersionEvent): DatasetVersion {
  switch (event.type) {
    case 'DatasetVersionSealed':
      return { status: 'sealed', ...event.data };
    case 'DataQualityFound':
      return state;
    case 'DatasetVersionWithdrawn':
      return state.status === 'none' ? state : { ...state, status: 'withdrawn' };
    default:
      event satisfies never;
      return state;
  }
}
