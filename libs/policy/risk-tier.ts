import type { Measurement, RiskTier } from '#libs/lifecycle';

export interface RiskInputs {
  /** 1 − the lowest four-fifths ratio over all protected attributes, 0 to 1; null where none is known. */
  readonly biasPotential: number | null;
  /** Width of the confidence interval of the accuracy, 0 to 1; null where it is not known. */
  readonly performanceVariability: number | null;
}

interface Cuts {
  readonly medium: number;
  readonly high: number;
}

/** Cut-offs of each version: at or above `high` the tier is high, at or above `medium` at least medium. */
const functions: Readonly<Record<string, Readonly<Record<keyof RiskInputs, Cuts>>>> = {
  'bias-and-variability@1': {
    biasPotential: { medium: 0.1, high: 0.2 },
    performanceVariability: { medium: 0.05, high: 0.1 },
  },
};

export class UnknownRiskFunction extends Error {
  override readonly name = 'UnknownRiskFunction';
}

/**
 * The risk tier by a versioned function of bias potential and performance variability; the worse of the two decides.
 *
 * `bias-and-variability@1`: high where biasPotential ≥ 0.2 (the four-fifths ratio at or below 0.8) or
 * performanceVariability ≥ 0.1; medium where biasPotential ≥ 0.1 or performanceVariability ≥ 0.05; low otherwise.
 * An input that is null, not a number or outside [0, 1] makes the tier high: what is not known is not low.
 * @throws UnknownRiskFunction
 */
export function riskTier(functionName: string, inputs: RiskInputs): RiskTier {
  const cuts = Object.hasOwn(functions, functionName) ? functions[functionName] : undefined;
  if (!cuts) throw new UnknownRiskFunction(`no risk function ${functionName}; known: ${riskFunctions.join(', ')}`);
  const tiers = (['biasPotential', 'performanceVariability'] as const).map((name) => tierOf(inputs[name], cuts[name]));
  return tiers.includes('high') ? 'high' : tiers.includes('medium') ? 'medium' : 'low';
}

export const riskFunctions: readonly string[] = Object.keys(functions);

/**
 * The inputs, from the measurements of evaluations that are current: `demographic_parity_ratio@fairlearn` between the
 * groups of each attribute, and the interval of `accuracy_score@sklearn` over everybody. One undefined ratio, or one
 * attribute without a ratio, leaves the bias potential unknown.
 */
export function riskInputs(measurements: readonly Measurement[]): RiskInputs {
  const ratios = measurements
    .filter(({ definition, group }) => definition === 'demographic_parity_ratio@fairlearn' && group !== undefined)
    .map(({ value }) => value);
  const widths = measurements
    .filter(({ definition, group }) => definition === 'accuracy_score@sklearn' && group === undefined)
    .map(({ interval }) =>
      interval && interval.low !== null && interval.high !== null ? interval.high - interval.low : null,
    );
  return {
    biasPotential: worst(ratios.map((ratio) => (ratio === null ? null : 1 - ratio))),
    performanceVariability: worst(widths),
  };
}

function worst(values: readonly (number | null)[]): number | null {
  return values.length === 0 || values.includes(null) ? null : Math.max(...values.map(Number));
}

function tierOf(value: number | null, { medium, high }: Cuts): RiskTier {
  if (value === null || !(value >= 0 && value <= 1) || value >= high) return 'high';
  return value >= medium ? 'medium' : 'low';
}
