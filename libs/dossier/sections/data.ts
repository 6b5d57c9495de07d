import type { Column } from '../../lifecycle/values.js';
import type { Block, Cell, Section } from '../content.js';
import { bytes, count, integer } from '../format.js';
import type { Scribe } from '../scribe.js';
import { tableOr } from '../scribe.js';
import type { DossierEventOf } from '../source.js';

/** One data sheet per data set version in the lineage. */
export function dataSheets(scribe: Scribe): Section {
  const { history } = scribe;
  return scribe.section('data', 'Data sheets', () => {
    const sealed = history.of('DatasetVersionSealed');
    if (sealed.length === 0) return [{ kind: 'paragraph', cells: [scribe.gap('data behind this version')] }];
    return sealed.flatMap((event) => sheet(scribe, event));
  });
}

export function dataName(scribe: Scribe, datasetVersionId: string): string {
  const sealed = scribe.history
    .of('DatasetVersionSealed')
    .find(({ data }) => data.datasetVersionId === datasetVersionId);
  if (!sealed) return `data set version ${datasetVersionId}`;
  const dataset = scribe.history.of('DatasetRegistered').find(({ data }) => data.datasetId === sealed.data.datasetId);
  return `${dataset?.data.name ?? 'data set'} version ${sealed.data.number}`;
}

function usesOf(scribe: Scribe, id: string): Cell[] {
  const { history } = scribe;
  const trained = history.of('TrainingRunStarted').filter(({ data }) => data.datasetVersionIds.includes(id));
  const registered = history
    .of('ModelVersionRegistered')
    .filter(({ data }) => data.trainingRunId === undefined && data.datasetVersionIds.includes(id));
  const evaluated = history.of('EvaluationRecorded').filter(({ data }) => data.datasetVersionId === id);
  const parents = history.of('DatasetVersionSealed').filter(({ data }) => data.derivedFrom.includes(id));
  return [
    ...(trained.length > 0 ? [scribe.derived(trained, 'Training')] : []),
    ...(registered.length > 0 ? [scribe.derived(registered, 'Training, as said by the registrant')] : []),
    ...(evaluated.length > 0 ? [scribe.derived(evaluated, `Evaluation (${count(evaluated.length, 'record')})`)] : []),
    ...(parents.length > 0 ? [scribe.derived(parents, 'Source of a derived data set')] : []),
  ];
}

function sheet(scribe: Scribe, event: DossierEventOf<'DatasetVersionSealed'>): Block[] {
  const { history } = scribe;
  const { data } = event;
  const dataset = history.of('DatasetRegistered').find((candidate) => candidate.data.datasetId === data.datasetId);
  const uses = usesOf(scribe, data.datasetVersionId);
  const from = (at: string, missing: string) =>
    dataset ? scribe.fact(dataset, at, undefined, { missing }) : scribe.gap(missing);
  const findings = history
    .of('DataQualityFound')
    .filter((found) => found.data.datasetVersionId === data.datasetVersionId);
  const withdrawn = history
    .of('DatasetVersionWithdrawn')
    .filter((candidate) => candidate.data.datasetVersionId === data.datasetVersionId);
  return [
    { kind: 'heading', text: dataName(scribe, data.datasetVersionId) },
    {
      kind: 'facts',
      rows: [
        { label: 'Used for', cells: uses.length > 0 ? uses : [scribe.gap('use of this data set version')] },
        { label: 'Purpose', cells: [from('/data/purpose', 'purpose of the data set')] },
        { label: 'Legal basis', cells: [from('/data/legalBasis', 'legal basis of the data set')] },
        { label: 'Licence', cells: [from('/data/licence', 'licence of the data set')] },
        {
          label: 'Description',
          cells: [
            dataset && 'description' in dataset.data
              ? scribe.disclosed(dataset, '/data/description')
              : scribe.gap('description of the data set'),
          ],
        },
        { label: 'Version id', cells: [scribe.fact(event, '/data/datasetVersionId', undefined, { code: true })] },
        {
          label: 'Sealed',
          cells: [scribe.time(event, '/metadata/occurredAt'), scribe.person(event, '/metadata/actor/id')],
        },
        { label: 'Rows', cells: [scribe.fact(event, '/data/rows', (rows: number) => integer(rows))] },
        { label: 'File, SHA-256', cells: [scribe.fact(event, '/data/content/digest', undefined, { code: true })] },
        { label: 'File size', cells: [scribe.fact(event, '/data/content/bytes', (size: number) => bytes(size))] },
        {
          label: 'Rows, any order',
          cells: [scribe.fact(event, '/data/rowDigest', undefined, { code: true, missing: 'row digest' })],
        },
        {
          label: 'Profile',
          cells: [
            scribe.fact(event, '/data/profile/digest', undefined, { code: true, missing: 'profile of the data' }),
          ],
        },
        {
          label: 'Derived from',
          cells:
            data.derivedFrom.length > 0
              ? data.derivedFrom.map((parent, index) =>
                  scribe.fact(event, `/data/derivedFrom/${index}`, () => dataName(scribe, parent)),
                )
              : [scribe.derived([event], 'No parent data set named in the seal')],
        },
        {
          label: 'Code',
          cells: data.code
            ? [
                scribe.fact(event, '/data/code/repository'),
                scribe.fact(event, '/data/code/commit', undefined, { code: true }),
              ]
            : [scribe.gap('code that made the data set version')],
        },
        { label: 'Evidence grade', cells: [scribe.fact(event, '/data/grade')] },
      ],
    },
    columnsTable(scribe, event),
    tableOr(
      scribe,
      {
        kind: 'table',
        caption: 'Data quality findings',
        columns: [
          { title: 'Found at', share: 0.25 },
          { title: 'Rule', share: 0.3 },
          { title: 'Column', share: 0.2 },
          { title: 'Detail, SHA-256', share: 0.25 },
        ],
        rows: findings.map((found) => [
          scribe.time(found, '/metadata/occurredAt'),
          scribe.fact(found, '/data/rule', undefined, { tone: 'attention' }),
          'column' in found.data ? scribe.fact(found, '/data/column') : scribe.label('whole data set'),
          scribe.fact(found, '/data/detail', undefined, { code: true }),
        ]),
      },
      'data quality findings for this data set version',
    ),
    ...withdrawn.map((gone): Block => ({
      kind: 'facts',
      rows: [
        { label: 'WITHDRAWN', cells: [{ ...scribe.recordedAt(gone), tone: 'adverse' }] },
        { label: 'Reason', cells: [scribe.disclosed(gone, '/data/reason')] },
      ],
    })),
  ];
}

function columnsTable(scribe: Scribe, event: DossierEventOf<'DatasetVersionSealed'>): Block {
  return tableOr(
    scribe,
    {
      kind: 'table',
      caption: 'Columns as sealed',
      columns: [
        { title: 'Column', share: 0.34 },
        { title: 'Type', share: 0.16 },
        { title: 'Declared role', share: 0.18 },
        { title: 'Empty cells', share: 0.14, align: 'right' },
        { title: 'Made from', share: 0.18 },
      ],
      rows: event.data.columns.map((column: Column, index) => [
        scribe.fact(event, `/data/columns/${index}/name`),
        scribe.fact(event, `/data/columns/${index}/type`),
        column.role
          ? scribe.fact(
              event,
              `/data/columns/${index}/role`,
              undefined,
              column.role === 'protected' ? { tone: 'attention' } : {},
            )
          : scribe.label('not declared'),
        scribe.fact(event, `/data/columns/${index}/nulls`, (nulls: number) => integer(nulls)),
        column.from && column.from.length > 0
          ? scribe.fact(event, `/data/columns/${index}/from`, (sources: string[]) =>
              sources.map((source) => source.slice(source.indexOf('#') + 1)).join(', '),
            )
          : scribe.label('not derived'),
      ]),
    },
    'columns of the data set version',
  );
}
