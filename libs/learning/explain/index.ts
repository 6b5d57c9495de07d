export { attributionMethods } from './attribution.js';
export type { AttributionMethod, ScoreSpace } from './attribution.js';
export { explainLimits } from './decision.js';
export { explainModel } from './report.js';
export type { Decision, ExplainOptions, ExplainReport, FeatureValue, Share } from './report-shape.js';
export { interventionalTreeShap, treeShap } from './tree-shap.js';
export type { Attributions } from './tree-shap.js';
