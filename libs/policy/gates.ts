import type { DecidedGate, Gate, GroupCount, Measurement, PolicyDocument } from '#libs/lifecycle';
import { policyDecision } from '#libs/lifecycle';

/** What a gate says about numbers. `undefined` and `insufficient` are no passes: the version waits. */
export type GateVerdict = Omit<DecidedGate, 'decision'> & {
  /** In terms of the gate, e.g. `0.83 >= 0.8`. */
  readonly reasons: readonly string[];
};

/**
 * The verdict of every gate that these measurements speak of. A gate that nothing was measured for has no verdict
 * here, and a request for approval without it is refused.
 *
 * - `undefined`: the number is undefined, or measured twice, or the gate reads a bound and there is none, or the number
 *   would pass while the counts that came with it would not: an evaluation made elsewhere may not contradict itself;
 * - `insufficient`: a group is smaller than `minimumGroupSize`, there are fewer than two groups, or the gate reads the
 *   bound and only the point would hold;
 * - `fail`: the number that the gate reads does not hold; `pass`: it does.
 *
 * @param groups Counts per group; those over exactly the gate's attribute are asked for their size.
 */
export function decideGates(
  document: Pick<PolicyDocument, 'gates' | 'minimumGroupSize'>,
  measurements: readonly Measurement[],
  groups: readonly GroupCount[],
): readonly GateVerdict[] {
  return document.gates.flatMap((gate) => {
    const found = measurements.filter((measurement) => isAbout(gate, measurement));
    const [measurement] = found;
    if (!measurement) return [];
    const { id: gateId, threshold, operator, reads } = gate;
    const [verdict, reason] =
      found.length > 1
        ? (['undefined', `measured ${found.length} times`] as const)
        : judge(gate, measurement, document.minimumGroupSize, groups);
    return [{ gateId, measurement, threshold, operator, reads, verdict, reasons: [reason] }];
  });
}

/** The verdicts with the decision that is logged for each (rule 23): policy version, inputs digest, result, reasons. */
export function decidedGates(
  policy: { readonly policyId: string; readonly version: number; readonly document: PolicyDocument },
  measurements: readonly Measurement[],
  groups: readonly GroupCount[],
): readonly DecidedGate[] {
  const { document } = policy;
  return decideGates(document, measurements, groups).map(({ reasons, ...verdict }) => ({
    ...verdict,
    decision: policyDecision({
      policyId: policy.policyId,
      policyVersion: policy.version,
      inputs: {
        gate: document.gates.find((gate) => gate.id === verdict.gateId),
        minimumGroupSize: document.minimumGroupSize,
        measurement: verdict.measurement,
        groups,
      },
      result: verdict.verdict,
      reasons,
    }),
  }));
}

type Judgement = readonly [GateVerdict['verdict'], string];

function judge(
  gate: Gate,
  { value, undefined: reason, interval }: Measurement,
  minimum: number,
  groups: readonly GroupCount[],
): Judgement {
  if (value === null || !Number.isFinite(value)) return ['undefined', reason ?? 'no value'];
  const small = gate.attribute === undefined ? undefined : tooSmall(gate.attribute, minimum, groups);
  if (small !== undefined) return ['insufficient', small];
  const counted = gate.attribute === undefined ? undefined : recounted(gate.measure, gate.attribute, groups);
  if (counted !== undefined && holds(gate, value) && !holds(gate, counted))
    return ['undefined', Number.isNaN(counted) ? 'the counts give no ratio' : `the counts give ${says(gate, counted)}`];
  if (gate.reads === 'point') return holds(gate, value) ? ['pass', says(gate, value)] : ['fail', says(gate, value)];
  const bound = gate.operator === '>=' ? interval?.low : interval?.high;
  if (bound === undefined || bound === null) return ['undefined', 'no bound of an interval'];
  if (holds(gate, bound)) return ['pass', says(gate, bound)];
  return holds(gate, value) ? ['insufficient', says(gate, bound)] : ['fail', says(gate, value)];
}

/** A measure over an attribute compares its groups: `{attribute: '*'}`; an overall measure is about no group. */
function isAbout(gate: Gate, { definition, group }: Measurement): boolean {
  if (definition !== gate.measure) return false;
  if (gate.attribute === undefined) return group === undefined;
  return group !== undefined && Object.keys(group).length === 1 && group[gate.attribute] === '*';
}

/**
 * The measure again, from the counts, where it follows from them: lowest over highest rate of favourable decisions; NaN
 * where nobody was decided for.
 */
function recounted(measure: string, attribute: string, groups: readonly GroupCount[]): number | undefined {
  if (measure !== 'demographic_parity_ratio@fairlearn') return undefined;
  const rates = groupsOf(attribute, groups)
    .filter(({ n }) => n > 0)
    .map(({ truePositives, falsePositives, n }) => (truePositives + falsePositives) / n);
  return Math.min(...rates) / Math.max(...rates);
}

function groupsOf(attribute: string, groups: readonly GroupCount[]): readonly GroupCount[] {
  return groups.filter(({ group }) => Object.keys(group).length === 1 && Object.hasOwn(group, attribute));
}

function tooSmall(attribute: string, minimum: number, groups: readonly GroupCount[]): string | undefined {
  const own = groupsOf(attribute, groups);
  if (own.length < 2) return 'fewer than two groups were counted';
  const smallest = Math.min(...own.map(({ n }) => n));
  return smallest < minimum ? `smallest group ${smallest} < ${minimum}` : undefined;
}

function holds({ operator, threshold }: Gate, value: number): boolean {
  return operator === '>=' ? value >= threshold : value <= threshold;
}

function says({ operator, threshold }: Gate, value: number): string {
  const sign = holds({ operator, threshold } as Gate, value) ? operator : operator === '>=' ? '<' : '>';
  return `${value} ${sign} ${threshold}`;
}
