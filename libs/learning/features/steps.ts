import type { Step, StepDocument } from './step.js';
import { standardScale } from './steps/standard-scale.js';

/** Every step that a job's pipeline may name. */
export const steps: ReadonlyMap<string, Step> = new Map<string, Step>(
  ([standardScale] as unknown as Step<StepDocument>[]).map((step) => [step.step, step]),
);
