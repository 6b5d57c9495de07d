import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import type { ExportCommand } from './commands.js';
import type { ExportEvent } from './events.js';
import type { ExportRequest } from './evolve.js';

export function decide(command: ExportCommand, state: ExportRequest): Decision<ExportEvent> {
  const { exportId } = command.data;
  const requesterId = command.context.actor.id;
  if (command.type === 'RequestExport') {
    const { facts, ...request } = command.data;
    if (state.status !== 'none') return refuse('AlreadyExists', { exportId });
    if (facts.modelVersion === 'missing') return refuse('NotFound', { modelVersionId: request.modelVersionId });
    if (!(BigInt(request.asOf) <= BigInt(facts.head)))
      return refuse('NotYet', { asOf: request.asOf, head: facts.head });
    return accept({ type: 'ExportRequested', data: { ...request, requesterId } });
  }
  if (state.status === 'none') return refuse('NotFound', { exportId });
  switch (command.type) {
    case 'CompleteExport':
      if (state.status !== 'requested') return refuse('NotRequested', { exportId, status: state.status });
      if (command.data.files.length === 0) return refuse('InvalidField', { field: 'files', rule: 'at least one' });
      return accept({ type: 'ExportBuilt', data: command.data });
    case 'FailExport':
      if (state.status !== 'requested') return refuse('NotRequested', { exportId, status: state.status });
      return accept({ type: 'ExportFailed', data: command.data });
    case 'RecordEvidenceAccess':
      // Access to evidence is evidence (rule 26): a read is recorded each time, whoever reads.
      if (state.status !== 'built') return refuse('NotBuilt', { exportId, status: state.status });
      return accept({ type: 'EvidenceAccessed', data: { ...command.data, readerId: requesterId } });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}
