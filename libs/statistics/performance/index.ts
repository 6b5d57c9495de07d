export { averagePrecision, brierScore, logLoss, rocAuc } from './scores.js';
