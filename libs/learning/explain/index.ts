export { attributionMethods } from './attribution.js';
export type { AttributionMethod, ScoreSpace } from './attribution.js';
export { explainLimits } from './decision.js';
export { explainModel } from './report.js';
export type { Decision, ExplainOptions, ExplainReport, FeatureValue, Share } from './report-shape.js';
export { measureModel } from './measure.js';
