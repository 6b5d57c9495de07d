import type { ContentReference } from '../values.js';
import type { ExportEvent, ExportRequested } from './events.js';

type Requested = ExportRequested['data'];

export type ExportRequest =
  | { readonly status: 'none' }
  | ({ readonly status: 'requested' } & Requested)
  | ({ readonly status: 'built'; readonly files: readonly ContentReference[] } & Requested)
  | ({ readonly status: 'failed'; readonly code: string } & Requested);

export const noExportRequest: ExportRequest = { status: 'none' };

export function evolve(state: ExportRequest, event: ExportEvent): ExportRequest {
  switch (event.type) {
    case 'ExportRequested':
      return { status: 'requested', ...event.data };
    case 'ExportBuilt':
      return state.status === 'none' ? state : { ...state, status: 'built', files: event.data.files };
    case 'ExportFailed':
      return state.status === 'none' ? state : { ...state, status: 'failed', code: event.data.code };
    case 'EvidenceAccessed':
      return state;
    default:
      event satisfies never;
      return state;
  }
}
