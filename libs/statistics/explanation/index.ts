export { addTree, leafOf, scoreEnsemble } from './ensemble.js';
export type { Ensemble, Tree } from './ensemble.js';
export { linearAttribution } from './linear-shap.js';
export type { LinearScore } from './linear-shap.js';
export { interventionalTreeShap, treeShap } from './tree-shap.js';
export type { Attributions } from './tree-shap.js';
