import type { Block, Cell, Section } from '../content.js';
import { bytes } from '../format.js';
import { firstOf } from '../history.js';
import type { Scribe } from '../scribe.js';
import type { DossierEvent } from '../source.js';
import { dataName } from './data.js';
import { measurementTable } from './measurements.js';

/** Every training run behind the version, failed ones too. */
export function training(scribe: Scribe): Section {
  const { history } = scribe;
  return scribe.section('training', 'Training', () => {
    const runs = history.streams('trainingRun');
    const [registered] = history.of('ModelVersionRegistered');
    const blocks: Block[] = [];
    if (registered && registered.data.trainingRunId === undefined)
      blocks.push({
        kind: 'facts',
        rows: [
          { label: 'Training run', cells: [scribe.gap('training run of this version')] },
          {
            label: 'Data, as said',
            cells:
              registered.data.datasetVersionIds.length > 0
                ? registered.data.datasetVersionIds.map((id, index) =>
                    scribe.fact(registered, `/data/datasetVersionIds/${index}`, () => dataName(scribe, id)),
                  )
                : [scribe.gap('training data of this version')],
          },
          { label: 'Code, as said', cells: codeCells(scribe, registered, '/data/code') },
        ],
      });
    if (runs.length === 0 && blocks.length === 0)
      blocks.push({ kind: 'paragraph', cells: [scribe.gap('training run of this version')] });
    return [...blocks, ...runs.flatMap((events) => run(scribe, events))];
  });
}

export function codeCells(scribe: Scribe, event: DossierEvent, at: string): Cell[] {
  const code = at
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], event);
  if (!code) return [scribe.gap('code')];
  return [
    scribe.fact(event, `${at}/repository`),
    scribe.fact(event, `${at}/commit`, undefined, { code: true }),
    ...((code as { authors: readonly string[] }).authors.length > 0
      ? (code as { authors: readonly string[] }).authors.map((_, index) =>
          scribe.person(event, `${at}/authors/${index}`),
        )
      : [scribe.gap('authors of the code')]),
  ];
}

function run(scribe: Scribe, events: readonly DossierEvent[]): Block[] {
  const started = firstOf(events, 'TrainingRunStarted');
  const completed = firstOf(events, 'TrainingRunCompleted');
  const failed = firstOf(events, 'TrainingRunFailed');
  const cancelled = firstOf(events, 'TrainingRunCancelled');
  if (!started) return [{ kind: 'paragraph', cells: [scribe.gap('start of the training run')] }];
  const end: Cell[] = completed
    ? [scribe.time(completed, '/metadata/occurredAt')]
    : failed
      ? [scribe.fact(failed, '/data/code', (code: string) => `FAILED: ${code}`, { tone: 'adverse' })]
      : cancelled
        ? [{ ...scribe.recordedAt(cancelled), text: 'CANCELLED', tone: 'attention' }]
        : [scribe.gap('end of the training run')];
  return [
    { kind: 'heading', text: `Training run of ${started.data.algorithm}` },
    {
      kind: 'facts',
      rows: [
        { label: 'Run id', cells: [scribe.fact(started, '/data/trainingRunId', undefined, { code: true })] },
        { label: 'Trained by', cells: [scribe.person(started, '/metadata/actor/id')] },
        {
          label: 'Completed by',
          cells: completed
            ? [scribe.person(completed, '/metadata/actor/id')]
            : [scribe.gap('completion of the training run')],
        },
        { label: 'Started', cells: [scribe.time(started, '/metadata/occurredAt')] },
        { label: 'Ended', cells: end },
        { label: 'Engine', cells: [scribe.fact(started, '/data/engine')] },
        { label: 'Algorithm', cells: [scribe.fact(started, '/data/algorithm')] },
        { label: 'Seed', cells: [scribe.fact(started, '/data/seed')] },
        {
          label: 'Data',
          cells: started.data.datasetVersionIds.map((id, index) =>
            scribe.fact(started, `/data/datasetVersionIds/${index}`, () => dataName(scribe, id)),
          ),
        },
        { label: 'Code', cells: codeCells(scribe, started, '/data/code') },
        { label: 'Job, SHA-256', cells: [scribe.fact(started, '/data/job/digest', undefined, { code: true })] },
        {
          label: 'Environment, SHA-256',
          cells: [
            completed
              ? scribe.fact(completed, '/data/environment', undefined, { code: true })
              : scribe.gap('environment of the training run'),
          ],
        },
        {
          label: 'Run record, SHA-256',
          cells: [
            completed
              ? scribe.fact(completed, '/data/record/digest', undefined, {
                  code: true,
                  missing: 'record of the training run',
                })
              : scribe.gap('record of the training run'),
          ],
        },
        {
          label: 'Model file, SHA-256',
          cells: [
            completed
              ? scribe.fact(completed, '/data/artifact/digest', undefined, { code: true })
              : scribe.gap('model file of the training run'),
            ...(completed ? [scribe.fact(completed, '/data/artifact/bytes', (size: number) => bytes(size))] : []),
          ],
        },
        { label: 'Evidence grade', cells: [scribe.fact(started, '/data/grade')] },
        ...(failed
          ? [{ label: 'Detail', cells: [scribe.disclosed(failed, '/data/detail', 'detail of the failure')] }]
          : []),
        ...(cancelled ? [{ label: 'Reason', cells: [scribe.disclosed(cancelled, '/data/reason')] }] : []),
      ],
    },
    ...(completed
      ? [
          measurementTable(
            scribe,
            completed,
            completed.data.measurements,
            'Measurements of the training run',
            'measurements of the training run',
          ),
        ]
      : []),
  ];
}
