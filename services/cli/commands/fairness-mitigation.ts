import { readFile } from 'node:fs/promises';
import { InputError, adjustCommonCutOff, adjustThresholds, replayVerdict, scoresByGroup } from '#libs/statistics';
import type { Adjustment, AdjustmentConstraint, CategoryColumn, GateVerdict } from '#libs/statistics';
import { short, table as printTable } from '../print.js';

const constraints = ['demographic_parity', 'true_positive_rate_parity', 'equalized_odds'];
const methods = [...constraints, 'common_cut_off', 'reweighing'];

export interface Reweighing {
  readonly method: 'reweighing@aif360';
  readonly attribute: string;
  readonly weights: readonly {
    readonly group: string;
    readonly label: 0 | 1;
    readonly rows: number;
    readonly weight: number;
  }[];
}

export interface Mitigated {
  readonly mitigation?: Adjustment & { readonly attribute: string };
  readonly reweighing?: Reweighing;
}

export interface MitigationInput {
  readonly method: string;
  readonly attribute: CategoryColumn;
  readonly labels: Uint8Array;
  readonly scores: Float64Array | undefined;
  readonly cutOff: number;
  readonly ratio: number;
}

/** @throws InputError `Usage`, `NoCutOff`, and those of the adjustment */
export async function mitigate(input: MitigationInput): Promise<Mitigated> {
  const { method, attribute, labels, scores, cutOff, ratio } = input;
  if (!methods.includes(method))
    throw new InputError('Usage', `--mitigate is one of ${methods.join(', ')}`, {
      field: 'mitigate',
      rule: methods.join(', '),
    });
  if (method === 'reweighing') return { reweighing: await reweighing(attribute, labels) };
  if (!scores)
    throw new InputError('Usage', `--mitigate ${method} needs --score`, { field: 'score', rule: 'a column of scores' });
  const groups = scoresByGroup(attribute, labels, scores);
  const adjusted =
    method === 'common_cut_off'
      ? adjustCommonCutOff(groups, ratio, cutOff)
      : adjustThresholds(groups, method as AdjustmentConstraint, cutOff);
  if (!adjusted)
    throw new InputError('NoCutOff', `no cut-off keeps the ratio of selection rates at ${ratio}`, {
      field: 'ratio',
      rule: 'a ratio that a cut-off meets',
    });
  return { mitigation: { attribute: attribute.name, ...adjusted } };
}

async function reweighing(attribute: CategoryColumn, labels: Uint8Array): Promise<Reweighing> {
  // Learning is loaded for this alone.
  const { reweigh } = await import('#libs/learning');
  const rows = Int32Array.from(labels.keys());
  const weights = reweigh(attribute, labels, rows);
  const found = new Map<string, Reweighing['weights'][number]>();
  weights.forEach((weight, row) => {
    const group = attribute.categories[attribute.codes[row]!]!;
    const label = labels[row] === 1 ? 1 : 0;
    const key = `${attribute.codes[row]},${label}`;
    found.set(key, { group, label, rows: (found.get(key)?.rows ?? 0) + 1, weight });
  });
  const order = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return { method: 'reweighing@aif360', attribute: attribute.name, weights: order.map(([, one]) => one) };
}

export function presentMitigation({ mitigation, reweighing: weights }: Mitigated): string[] {
  if (weights)
    return [
      `reweighing by ${weights.attribute}: each row of a group and label weighs`,
      ...printTable(
        ['group', 'label', 'rows', 'weight'],
        weights.weights.map(({ group, label, rows, weight }) => [group, String(label), String(rows), short(weight)]),
      ),
      '',
    ];
  if (!mitigation) return [];
  const { method, before, after, accuracyPaid, cutOffs, legalNote } = mitigation;
  const rate = (value: number | null): string => (value === null ? 'undefined' : short(value));
  return [
    `${method} by ${mitigation.attribute}: accuracy ${short(before.accuracy)} → ${short(after.accuracy)}, ${short(accuracyPaid)} paid (expected, on these rows)`,
    ...printTable(
      ['group', 'rows', 'selection rate', 'TPR', 'FPR', 'cut-offs', 'share of the lower', 'decided by chance'],
      cutOffs.map(({ group, upper, lower, share, ignored, constant }, i) => {
        const [a, b] = [before.groups[i]!, after.groups[i]!];
        return [
          group,
          String(a.n),
          `${short(a.selectionRate)} → ${short(b.selectionRate)}`,
          `${rate(a.truePositiveRate)} → ${rate(b.truePositiveRate)}`,
          `${rate(a.falsePositiveRate)} → ${rate(b.falsePositiveRate)}`,
          share === 0 && upper === lower ? rate(upper) : `${upper ?? 'nobody'} / ${lower ?? 'everybody'}`,
          short(share),
          ignored > 0 ? `${short(ignored)} at ${short(constant)}` : '',
        ];
      }),
    ),
    ...(legalNote
      ? [
          `note of law (${legalNote.id}, version ${legalNote.version}): ${legalNote.text}`,
          ...legalNote.sources.map((source) => `  ${source}`),
        ]
      : []),
    '',
  ];
}

/** Judges the verdicts of an earlier `--json` output again from their records alone. */
export async function replay(path: string): Promise<{ readonly lines: readonly string[]; readonly same: boolean }> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new InputError('Unreadable', `${path} cannot be read (${error.code})`, {
      file: path,
      rule: 'a readable file',
    });
  });
  const records = verdictsIn(text);
  const results = records.map((record) => ({ record, ...replayVerdict(record) }));
  return {
    lines: results.map(
      ({ record, verdict, same }) =>
        `gate ${record.gate.id}: ${verdict.verdict.toUpperCase()}  ${verdict.reasons.join('; ')}${same ? '' : `  DIFFERS from the record (${record.verdict})`}`,
    ),
    same: results.every(({ same }) => same),
  };
}

function verdictsIn(text: string): GateVerdict[] {
  try {
    const { verdicts } = JSON.parse(text) as { verdicts?: unknown };
    const isRecord = (one: unknown): one is GateVerdict => {
      const { gate, smallestGroup, minimumGroupSize, reasons } = (one ?? {}) as Partial<GateVerdict>;
      return (
        typeof gate?.measure === 'string' &&
        typeof smallestGroup === 'number' &&
        typeof minimumGroupSize === 'number' &&
        Array.isArray(reasons)
      );
    };
    if (Array.isArray(verdicts) && verdicts.length > 0 && verdicts.every(isRecord)) return verdicts;
  } catch {
    // Answered below.
  }
  throw new InputError('NoVerdicts', 'the file holds no verdicts to replay', {
    field: 'verdicts',
    rule: 'the --json output of assay fairness with a policy',
  });
}
