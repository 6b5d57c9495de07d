import type { Measurement } from '../../lifecycle/values.js';
import type { Block, Cell, IntervalChart, Section } from '../content.js';
import { decimal, group, integer, interval, measureName, measurementValue, relation } from '../format.js';
import { allOf, firstOf } from '../history.js';
import type { Scribe } from '../scribe.js';
import { tableOr } from '../scribe.js';
import type { DossierEvent, DossierEventOf } from '../source.js';
import { dataName } from './data.js';
import { chartNumbers, intervalCell, measurementTable, shareChart, valueCell } from './measurements.js';

interface EvaluationRecord {
  readonly events: readonly DossierEvent[];
  readonly recorded: DossierEventOf<'EvaluationRecorded'>;
}

function records(scribe: Scribe): readonly EvaluationRecord[] {
  return scribe.history.streams('evaluation').flatMap((events) => {
    const recorded = firstOf(events, 'EvaluationRecorded');
    return recorded && recorded.data.modelVersionId === scribe.input.modelVersionId ? [{ events, recorded }] : [];
  });
}

const isGrouped = (measurement: Measurement) => measurement.group !== undefined;
const title = ({ recorded }: EvaluationRecord, index: number) =>
  `Evaluation ${index + 1}: ${recorded.data.kinds.join(', ')}`;

/** Every evaluation of the version with what it measured over all rows. */
export function evaluations(scribe: Scribe): Section {
  return scribe.section('evaluations', 'Evaluations', () => {
    const all = records(scribe);
    if (all.length === 0) return [{ kind: 'paragraph', cells: [scribe.gap('evaluation of this version')] }];
    return all.flatMap((record, index): Block[] => {
      const { recorded, events } = record;
      const overall = recorded.data.measurements.filter((measurement) => !isGrouped(measurement));
      const chart = shareChart('Measures between 0 and 1 with their confidence intervals', overall);
      return [
        { kind: 'heading', text: title(record, index) },
        { kind: 'facts', rows: about(scribe, record) },
        measurementTable(
          scribe,
          recorded,
          recorded.data.measurements,
          'Measurements over all rows',
          'measurements over all rows',
          (measurement) => !isGrouped(measurement),
        ),
        ...(chart ? [chart] : []),
        ...changes(scribe, events),
      ];
    });
  });
}

function about(scribe: Scribe, { recorded }: EvaluationRecord): { label: string; cells: Cell[] }[] {
  return [
    { label: 'Evaluation id', cells: [scribe.fact(recorded, '/data/evaluationId', undefined, { code: true })] },
    {
      label: 'Recorded by',
      cells: [scribe.person(recorded, '/metadata/actor/id'), scribe.time(recorded, '/metadata/occurredAt')],
    },
    { label: 'Scheme', cells: [scribe.fact(recorded, '/data/scheme')] },
    { label: 'Data', cells: [scribe.fact(recorded, '/data/datasetVersionId', (id: string) => dataName(scribe, id))] },
    { label: 'Collected', cells: [scribe.time(recorded, '/data/collectedAt')] },
    { label: 'Stale after', cells: [scribe.time(recorded, '/data/expiresAt')] },
    {
      label: 'Report, SHA-256',
      cells: [
        scribe.fact(recorded, '/data/report/digest', undefined, { code: true, missing: 'report of the evaluation' }),
      ],
    },
    { label: 'Evidence grade', cells: [scribe.fact(recorded, '/data/grade')] },
  ];
}

function changes(scribe: Scribe, events: readonly DossierEvent[]): Block[] {
  const rows = [
    ...allOf(events, 'EvaluationWithdrawn').map((event) => [
      scribe.time(event, '/metadata/occurredAt'),
      scribe.derived([event], 'WITHDRAWN', { tone: 'adverse' }),
      scribe.person(event, '/metadata/actor/id'),
      scribe.disclosed(event, '/data/reason'),
    ]),
    ...allOf(events, 'EvaluationAmended').map((event) => [
      scribe.time(event, '/metadata/occurredAt'),
      scribe.derived([event], 'AMENDED', { tone: 'attention' }),
      scribe.person(event, '/metadata/actor/id'),
      scribe.disclosed(event, '/data/reason'),
    ]),
  ];
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          caption: 'Changes of this evaluation after it was recorded',
          columns: [
            { title: 'At', share: 0.22 },
            { title: 'What', share: 0.14 },
            { title: 'By', share: 0.22 },
            { title: 'Reason', share: 0.42 },
          ],
          rows,
        },
      ];
}

/** Groups, rates, ratios, verdicts: the failed ones as plainly as the passed ones. */
export function fairness(scribe: Scribe): Section {
  return scribe.section('fairness', 'Fairness and gates', () => {
    const all = records(scribe);
    const blocks: Block[] = [
      {
        kind: 'paragraph',
        cells: [
          scribe.label(
            'A gate compares one measure with a threshold that the policy fixed. A verdict says only on which side of that threshold the measure lay. “Favourable” is the decision that the policy names as favourable to the person decided about. A confidence interval is the doubt from the number of rows; it says nothing about rows that were never collected.',
          ),
        ],
      },
    ];
    if (all.length === 0)
      return [...blocks, { kind: 'paragraph', cells: [scribe.gap('fairness evaluation of this version')] }];
    let grouped = 0;
    for (const [index, record] of all.entries()) {
      const gates = allOf(record.events, 'GateDecided');
      const hasGroups = record.recorded.data.groups.length > 0 || record.recorded.data.measurements.some(isGrouped);
      if (hasGroups) grouped += 1;
      if (!hasGroups && gates.length === 0) continue;
      blocks.push(
        { kind: 'heading', text: title(record, index) },
        ...gateBlocks(scribe, gates),
        ...(hasGroups ? groupBlocks(scribe, record.recorded) : []),
      );
    }
    if (grouped === 0) blocks.push({ kind: 'paragraph', cells: [scribe.gap('groups of any protected attribute')] });
    return blocks;
  });
}

function gateBlocks(scribe: Scribe, gates: readonly DossierEventOf<'GateDecided'>[]): Block[] {
  if (gates.length === 0) return [{ kind: 'paragraph', cells: [scribe.gap('gate decision on this evaluation')] }];
  return [
    {
      kind: 'table',
      caption: 'Gates decided on this evaluation',
      columns: [
        { title: 'Gate', share: 0.14 },
        { title: 'Measure', share: 0.22 },
        { title: 'Value', share: 0.1, align: 'right' },
        { title: 'Confidence interval', share: 0.2 },
        { title: 'Required', share: 0.12 },
        { title: 'Verdict', share: 0.12 },
        { title: 'Policy', share: 0.1 },
      ],
      rows: gates.map((event) => {
        const { measurement, operator, reads, threshold, verdict } = event.data;
        return [
          scribe.fact(event, '/data/gateId'),
          scribe.fact(event, '/data/measurement/definition', (text: string) =>
            measurement.group ? `${text}, ${group(measurement.group)}` : text,
          ),
          valueCell(scribe, event, '/data/measurement', measurement),
          intervalCell(scribe, event, '/data/measurement', measurement),
          scribe.fact(event, '/data/threshold', () => `${reads} ${relation[operator]} ${decimal(threshold)}`),
          scribe.fact(event, '/data/verdict', () => verdict.toUpperCase(), {
            tone: verdict === 'pass' ? 'favourable' : verdict === 'fail' ? 'adverse' : 'attention',
          }),
          scribe.fact(event, '/data/decision/policyVersion', (version: number) => `version ${version}`),
        ];
      }),
    },
    ...gates.flatMap((event) => gateChart(event)),
  ];
}

function gateChart({ data }: DossierEventOf<'GateDecided'>): IntervalChart[] {
  const { measurement, operator, threshold, verdict, gateId } = data;
  if (measurement.value === null) return [];
  const numbers = chartNumbers(measurement);
  const points = [measurement.value, numbers.low, numbers.high, threshold].filter((number) => number !== undefined);
  const low = Math.min(0, ...points);
  const high = Math.max(1, ...points) * (Math.max(...points) > 1 ? 1.05 : 1);
  return [
    {
      kind: 'intervals',
      caption: `Gate ${gateId}: ${measureName(measurement.definition)} against its threshold`,
      summary: `${measureName(measurement.definition)} ${measurementValue(measurement)}${measurement.interval ? `, interval ${interval(measurement)}` : ', no interval recorded'}; required ${relation[operator]} ${decimal(threshold)}; verdict ${verdict}.`,
      scale: { low, high },
      limit: { value: threshold, text: `${relation[operator]} ${decimal(threshold)}` },
      rows: [
        {
          label: `${measureName(measurement.definition)}`,
          ...numbers,
          text: `${measurementValue(measurement)} ${verdict.toUpperCase()}`,
          tone: verdict === 'pass' ? 'favourable' : verdict === 'fail' ? 'adverse' : 'attention',
        },
      ],
    },
  ];
}

const rateMeasures = /^(selection_rate|favourable_rate|approval_rate)@/;

function groupBlocks(scribe: Scribe, recorded: DossierEventOf<'EvaluationRecorded'>): Block[] {
  const { groups, measurements } = recorded.data;
  const rates = measurements.filter(
    (measurement) => isGrouped(measurement) && rateMeasures.test(measurement.definition),
  );
  const chart = shareChart('Rate of favourable decisions by group', rates);
  return [
    tableOr(
      scribe,
      {
        kind: 'table',
        caption:
          'What was compared: decisions by group (counts of the evaluation; the rate is favourable decisions ÷ n)',
        columns: [
          { title: 'Group', share: 0.24 },
          { title: 'n', share: 0.1, align: 'right' },
          { title: 'Favourable decisions', share: 0.15, align: 'right' },
          { title: 'Rate', share: 0.11, align: 'right' },
          { title: 'True +', share: 0.1, align: 'right' },
          { title: 'False +', share: 0.1, align: 'right' },
          { title: 'True −', share: 0.1, align: 'right' },
          { title: 'False −', share: 0.1, align: 'right' },
        ],
        rows: groups.map((row, index) => {
          const at = `/data/groups/${index}`;
          const favourable = row.truePositives + row.falsePositives;
          const number = (field: string) => scribe.fact(recorded, `${at}/${field}`, (n: number) => integer(n));
          return [
            scribe.fact(recorded, `${at}/group`, group),
            number('n'),
            scribe.derived([recorded], integer(favourable)),
            row.n > 0
              ? scribe.derived([recorded], decimal(favourable / row.n))
              : scribe.derived([recorded], 'undefined: no rows', { tone: 'attention' }),
            number('truePositives'),
            number('falsePositives'),
            number('trueNegatives'),
            number('falseNegatives'),
          ];
        }),
      },
      'counts by group',
    ),
    measurementTable(scribe, recorded, measurements, 'Measurements by group', 'measurements by group', isGrouped),
    ...(chart ? [chart] : []),
  ];
}
