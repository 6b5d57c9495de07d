import type { Step, StepDocument } from './step.js';
import { kMeansDistances, pca, polynomial } from './steps/combine.js';
import { frequencyEncode, oneHot, ordinalEncode, targetEncode } from './steps/encode.js';
import { impute } from './steps/impute.js';
import { quantileScale } from './steps/quantile-scale.js';
import { boxCox, clip, exponentialScale, logScale, minMaxScale, robustScale, yeoJohnson } from './steps/scale.js';
import { select } from './steps/select.js';
import { standardScale } from './steps/standard-scale.js';
import { hashText, lag, rolling, tfIdf } from './steps/table-steps.js';

const all = [
  impute,
  standardScale,
  minMaxScale,
  robustScale,
  logScale,
  exponentialScale,
  boxCox,
  yeoJohnson,
  quantileScale,
  clip,
  oneHot,
  ordinalEncode,
  targetEncode,
  frequencyEncode,
  polynomial,
  pca,
  kMeansDistances,
  select,
  hashText,
  tfIdf,
  lag,
  rolling,
] as unknown as Step<StepDocument>[];

/** Every step that a job's pipeline may name. */
export const steps: ReadonlyMap<string, Step> = new Map(all.map((step) => [step.step, step]));
