import { InputError } from '../errors.js';
import type { Table } from '../table/index.js';
import type { Answer, MeasureDefinition } from './definition.js';
import { aequitasDefinitions } from './families/aequitas.js';
import { aif360Definitions } from './families/aif360.js';
import { aif360MoreDefinitions } from './families/aif360-more.js';
import { alibiDefinitions } from './families/alibi.js';
import { assayDriftDefinitions } from './families/assay-drift.js';
import { assayRateDefinitions } from './families/assay-rates.js';
import { assayFairnessDefinitions } from './families/assay-fairness.js';
import { assaySearchDefinitions } from './families/assay-search.js';
import { descriptiveDefinitions } from './families/descriptive.js';
import { explanationDefinitions } from './families/explanation.js';
import { estimationDefinitions } from './families/estimation.js';
import { evidentlyMoreDefinitions } from './families/evidently-more.js';
import { evidentlyDefinitions } from './families/evidently.js';
import { fairlearnDefinitions } from './families/fairlearn.js';
import { smclarifyDefinitions } from './families/smclarify.js';
import { sklearnDefinitions } from './families/sklearn.js';
import { averageDefinitions } from './families/sklearn-averages.js';
import { frourosMoreDefinitions } from './families/frouros-more.js';
import { frourosTestDefinitions } from './families/frouros-tests.js';
import { multivariateDefinitions } from './families/multivariate.js';
import { qualityDriftDefinitions } from './families/quality-drift.js';
import { otherDriftDefinitions } from './families/other-drift.js';
import { individualFairnessDefinitions } from './families/individual-fairness.js';
import { outlierDefinitions } from './families/outliers.js';
import { riverDefinitions } from './families/river.js';
import { scipyDefinitions } from './families/scipy.js';
import { statsmodelsDefinitions } from './families/statsmodels.js';
import { Inputs } from './inputs.js';

const groupRoles = new Set([
  'label',
  'prediction',
  'protected',
  'positive',
  'weight',
  'privileged',
  'control',
  'score',
]);
const noRoles = new Set<string>();

/** Every number that Assay can compute by name. */
export const catalogue: ReadonlyMap<string, MeasureDefinition> = new Map(
  [
    ...fairlearnDefinitions,
    ...aif360Definitions,
    ...aif360MoreDefinitions,
    ...aequitasDefinitions,
    ...smclarifyDefinitions,
    ...assayFairnessDefinitions,
    ...assayRateDefinitions,
    ...assaySearchDefinitions,
    ...individualFairnessDefinitions,
    ...sklearnDefinitions,
    ...averageDefinitions,
    ...explanationDefinitions,
    ...riverDefinitions,
    ...descriptiveDefinitions,
    ...outlierDefinitions,
    ...otherDriftDefinitions,
    ...assayDriftDefinitions,
    ...estimationDefinitions,
    ...multivariateDefinitions,
    ...alibiDefinitions,
    ...qualityDriftDefinitions,
    ...frourosTestDefinitions,
    ...frourosMoreDefinitions,
    ...evidentlyDefinitions,
    ...evidentlyMoreDefinitions,
    ...scipyDefinitions,
    ...statsmodelsDefinitions,
  ].map((definition) => [`${definition.name}@${definition.profile}`, definition]),
);

/** Profiles that go by two names. */
const aliases: Readonly<Record<string, string>> = {
  'scikit-learn': 'sklearn',
  clarify: 'smclarify',
  'sagemaker-clarify': 'smclarify',
  'alibi-detect': 'alibi_detect',
};

/** @throws InputError `UnknownMeasure`, with names that are near */
export function findDefinition(id: string): MeasureDefinition {
  const cut = id.lastIndexOf('@');
  const name = cut < 0 ? id : id.slice(0, cut);
  const profile = cut < 0 ? '' : id.slice(cut + 1);
  const found = catalogue.get(`${name}@${aliases[profile] ?? profile}`);
  if (found) return found;
  const near = [...catalogue.keys()].filter((key) => key.startsWith(`${name}@`) || key.includes(name)).slice(0, 10);
  throw new InputError(
    'UnknownMeasure',
    `there is no measure "${id}"${near.length > 0 ? `; near: ${near.join(', ')}` : ''}`,
    {
      field: 'name',
      rule: 'a name of `assay measures`',
    },
  );
}

/** A measure's answer as it is printed: `{definition, value, undefined?, n, denominator?, interval?}`. */
export interface MeasureResult {
  readonly definition: string;
  readonly version: string;
  readonly value: number | null;
  readonly undefined?: string;
  readonly n: number;
  readonly denominator?: number;
  readonly interval?: Answer['interval'];
}

/**
 * Computes one measure by its name.
 * @throws InputError `UnknownMeasure`, `WrongFiles`, `MissingArgument`, `UnknownArgument` and those of the measure
 */
export function measure(id: string, tables: readonly Table[], args: Readonly<Record<string, unknown>>): MeasureResult {
  const definition = findDefinition(id);
  // Samples and streams come as files or as lists of numbers.
  const takesLists = definition.arguments.some(({ name }) => ['reference', 'values', 'table'].includes(name));
  const { files, moreFiles = 0 } = definition;
  if ((tables.length < files || tables.length > files + moreFiles) && !(tables.length === 0 && takesLists)) {
    const rule = `${files}${moreFiles > 0 ? ` or ${files + moreFiles}` : ''} files`;
    throw new InputError('WrongFiles', `${id} reads ${rule}, not ${tables.length}`, { field: 'files', rule });
  }
  const known = new Set(definition.arguments.map(({ name }) => name));
  // One set of roles can be sent to every fairness measure, whether it reads all of them or not.
  const shared = definition.family.includes('fairness') ? groupRoles : noRoles;
  for (const name of Object.keys(args))
    if (!known.has(name) && !shared.has(name))
      throw new InputError('UnknownArgument', `${id} has no argument "${name}"`, {
        field: name,
        rule: `one of ${[...known].join(', ')}`,
      });
  for (const { name, required } of definition.arguments)
    if (required && (args[name] === undefined || args[name] === null))
      throw new InputError('MissingArgument', `${id} needs the argument "${name}"`, { field: name, rule: 'required' });
  const result = definition.compute(new Inputs(tables, args));
  return {
    definition: `${definition.name}@${definition.profile}`,
    version: definition.version,
    value: result.value ?? null,
    ...(result.undefined === undefined ? {} : { undefined: result.undefined }),
    n: result.n,
    ...(result.denominator === undefined ? {} : { denominator: result.denominator }),
    ...(result.interval ? { interval: result.interval } : {}),
  };
}

export type { Answer, ArgumentDefinition, MeasureDefinition } from './definition.js';
export { Inputs } from './inputs.js';
