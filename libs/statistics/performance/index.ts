export { meanOf, rSquared } from './regression.js';
export { averagePrecision, brierScore, logLoss, rocAuc, surprise } from './scores.js';
export { trapezoid } from './trapezoid.js';
