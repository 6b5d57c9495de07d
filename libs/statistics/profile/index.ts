export { normalityP, profileColumn } from './column.js';
export type { ColumnProfile, DistributionClass, NumberProfile } from './column.js';
export { littleTest, missingProfile } from './missing.js';
export type { LittleTest, MissingProfile } from './missing.js';
export { excessKurtosis, isConstant, momentsOf, pearson, ranks, sampleVariance, skewness } from './moments.js';
export type { Moments } from './moments.js';
export { profileTable } from './report.js';
export type { DataProfile, ProfileWarning } from './report.js';
