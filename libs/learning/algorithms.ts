import type { Algorithm } from './algorithm.js';
import { logisticRegression } from './linear/logistic-regression.js';

/** Every algorithm that a job may name, by name; each family adds its own here. */
export const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>(
  ([logisticRegression] as unknown as Algorithm[]).map((algorithm) => [algorithm.name, algorithm]),
);
