import type { Measurement } from '#libs/lifecycle';
import { InputError, asCategories, columnOf, judge, selectRows } from '#libs/statistics';
import type { FairnessPolicy, GateVerdict, Table } from '#libs/statistics';
import { evaluatePooled, findMeasurement } from '../job/evaluate.js';
import { againstRest } from '../job/predictions.js';
import type { Predictions } from '../job/predictions.js';

/** What a policy says of a run's out-of-fold predictions. */
export interface RunVerdicts {
  /** Cut-off that a label is decided at; of classes only. */
  readonly threshold?: number;
  readonly verdicts: readonly GateVerdict[];
}

/**
 * Judges a run by a policy's gates: of two classes everything that {@link evaluatePooled} measures of the decisions at
 * `threshold`, by protected attribute too; of more classes the same of the `scored` one against the rest, where one is named;
 * else the run's own measurements. A measure that the run does not have is
 * `undefined`, which is no pass.
 * @throws InputError `UnknownLabel` where no class has that name
 */
export function judgeRun(
  predictions: Predictions,
  measurements: readonly Measurement[],
  table: Table,
  protectedNames: readonly string[],
  policy: FairnessPolicy,
  threshold: number,
  scored?: string,
): RunVerdicts {
  const binary = againstRest(predictions, scored);
  if (scored !== undefined && predictions.kind === 'multiclass' && !binary)
    throw new InputError('UnknownLabel', `no class is "${scored}"`, {
      field: 'policy.scored',
      rule: `one of ${predictions.classes.slice(0, 20).join(', ')}`,
    });
  const tested = selectRows(table, predictions.rows);
  const evaluation =
    binary &&
    evaluatePooled(
      binary,
      protectedNames.map((name) => asCategories(columnOf(tested, name))),
      threshold,
    );
  const known = [...(evaluation?.measurements ?? []), ...measurements];
  const verdicts = policy.gates.map((gate) => {
    const { attribute } = gate;
    const found = findMeasurement(known, gate.measure, attribute === undefined ? {} : { [attribute]: '*' });
    const sizes = (evaluation?.groups ?? []).filter(({ group }) => attribute !== undefined && attribute in group);
    const smallest = sizes.length > 0 ? Math.min(...sizes.map(({ n }) => n)) : predictions.rows.length;
    return judge(gate, found, smallest, policy.minimumGroupSize);
  });
  return { ...(binary ? { threshold } : {}), verdicts };
}
