import type { Algorithm } from './algorithm.js';
import { naiveBayes } from './bayes/naive-bayes.js';
import { kMeans } from './clustering/k-means.js';
import { logisticRegression } from './linear/logistic-regression.js';
import { elasticNet, lasso, linearRegression, ridge } from './linear/regression.js';
import { softmaxRegression } from './linear/softmax.js';
import { autoencoder } from './neural/autoencoder.js';
import { multilayerPerceptron } from './neural/perceptron.js';
import { kNearestNeighbours } from './neighbours/k-nearest-neighbours.js';
import { decisionTree, gradientBoosting, randomForest } from './trees/index.js';

const linear = [linearRegression, ridge, lasso, elasticNet, logisticRegression, softmaxRegression];
const neural = [multilayerPerceptron, autoencoder];
const trees = [gradientBoosting, decisionTree, randomForest];
const others = [kNearestNeighbours, naiveBayes, kMeans];

/** Every algorithm that a job may name, by name; each family adds its own here. */
export const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>(
  ([...linear, ...neural, ...trees, ...others] as unknown as Algorithm[]).map((algorithm) => [
    algorithm.name,
    algorithm,
  ]),
);
