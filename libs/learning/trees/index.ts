export { gradientBoosting } from './gradient-boosting.js';
export { decisionTree } from './decision-tree.js';
export { randomForest } from './random-forest.js';
