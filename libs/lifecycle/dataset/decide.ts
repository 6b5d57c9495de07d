import { accept, refuse } from '../kernel.js';
import type { Decision } from '../kernel.js';
import type { DatasetCommand, DatasetVersionCommand, SealDatasetVersion } from './commands.js';
import type { DatasetEvent, DatasetVersionEvent } from './events.js';
import type { Dataset, DatasetVersion } from './evolve.js';

export function decide({ data }: DatasetCommand, state: Dataset): Decision<DatasetEvent> {
  if (state.status !== 'none') return refuse('AlreadyExists', { datasetId: data.datasetId });
  return accept({ type: 'DatasetRegistered', data });
}

export function decideVersion(command: DatasetVersionCommand, state: DatasetVersion): Decision<DatasetVersionEvent> {
  switch (command.type) {
    case 'SealDatasetVersion':
      return seal(command, state);
    case 'WithdrawDatasetVersion':
      if (state.status === 'none') return refuse('NotFound', { datasetVersionId: command.data.datasetVersionId });
      return state.status === 'withdrawn' ? accept() : accept({ type: 'DatasetVersionWithdrawn', data: command.data });
    default:
      command satisfies never;
      return refuse('UnknownCommand');
  }
}

function seal({ data }: SealDatasetVersion, state: DatasetVersion): Decision<DatasetVersionEvent> {
  const { facts, ...sealed } = data;
  const { datasetVersionId } = sealed;
  if (state.status !== 'none') return refuse('AlreadyExists', { datasetVersionId });
  if (facts.dataset !== 'registered') return refuse('NotFound', { datasetId: sealed.datasetId });
  const doubled = firstRepeated(sealed.columns.map((column) => column.name));
  if (doubled !== undefined) return refuse('InvalidField', { field: 'columns', rule: 'unique names', column: doubled });
  if (sealed.columns.length === 0) return refuse('InvalidField', { field: 'columns', rule: 'at least one' });
  const impossible = sealed.columns.find((column) => column.nulls > sealed.rows);
  if (impossible)
    return refuse('InvalidField', { field: 'columns', rule: 'no more nulls than rows', column: impossible.name });
  for (const parent of sealed.derivedFrom) {
    const found = facts.parents.find((candidate) => candidate.datasetVersionId === parent);
    if (!found || found.status === 'missing') return refuse('NotFound', { derivedFrom: parent });
    if (parent === datasetVersionId || found.ancestors.includes(datasetVersionId))
      return refuse('CyclicLineage', { path: [datasetVersionId, parent, datasetVersionId] });
    if (found.status === 'withdrawn') return refuse('Withdrawn', { derivedFrom: parent });
  }
  const foreign = sealed.columns
    .flatMap((column) => column.from ?? [])
    .find((source) => !sealed.derivedFrom.includes(source.slice(0, source.indexOf('#'))));
  if (foreign !== undefined)
    return refuse('InvalidField', { field: 'columns.from', rule: 'a column of a parent', column: foreign });
  return accept<DatasetVersionEvent>(
    { type: 'DatasetVersionSealed', data: sealed },
    ...(facts.findings ?? []).map(
      (finding) => ({ type: 'DataQualityFound', data: { datasetVersionId, ...finding } }) as const,
    ),
  );
}

function firstRepeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}
