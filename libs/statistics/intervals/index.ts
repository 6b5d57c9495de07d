export { aucInterval } from './auc.js';
export { newcombe, wilson } from './rate.js';
export type { Rate } from './rate.js';
export { ratioInterval, scoreStatistic } from './ratio.js';
export type { RatioMethod } from './ratio.js';
export { countsIntervals, f1Interval, meanInterval, precisionRecallInterval, rocAucInterval } from './scores.js';
