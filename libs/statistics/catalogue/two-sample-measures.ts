import type { ArgumentDefinition, MeasureDefinition } from './definition.js';
import { sampleArguments } from './sample-inputs.js';

/** What the measures of two samples of one library have of their own. */
export interface TwoSampleMeasure extends Pick<
  MeasureDefinition,
  'name' | 'formula' | 'range' | 'source' | 'differs' | 'compute'
> {
  /** Below the library's module. */
  readonly reference: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly undefinedCases?: readonly string[];
}

/** Measures of two files' columns, or of two lists, each undefined where a side is empty. */
export function twoSampleMeasures(
  { module, ...library }: Pick<MeasureDefinition, 'profile' | 'version'> & { readonly module: string },
  measures: readonly TwoSampleMeasure[],
): MeasureDefinition[] {
  return measures.map(({ reference, arguments: own = [], undefinedCases = [], ...rest }) => ({
    ...rest,
    ...library,
    family: 'drift',
    files: 2,
    arguments: [...sampleArguments, ...own],
    undefinedCases: ['empty-sample: no value on one side', ...undefinedCases],
    reference: `${module}.${reference}`,
  }));
}
