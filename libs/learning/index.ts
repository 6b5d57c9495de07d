/**
 * Learning: jobs run to an ONNX file and a record. The trainer calls `parseJob`, `runJob(job, table)` and
 * `evaluatePooled(result.predictions, protectedColumns, threshold)`; serving reads the file by `describeOnnx`,
 * `readMetadata`, `encodeRow` (conventions in `onnx/README.md`).
 */
export { parseJob } from './job/document.js';
export type { Job, LogisticRegression, StratifiedKFold } from './job/document.js';
export { environmentSignature } from './job/environment.js';
export type { Environment, EnvironmentSignature } from './job/environment.js';
export { evaluatePooled, findMeasurement } from './job/evaluate.js';
export type { PooledEvaluation, PooledPredictions } from './job/evaluate.js';
export { runJob } from './job/run.js';
export type { FitRecord, FoldRecord, JobResult, RunOptions, RunRecord } from './job/run.js';
export { fitLogistic, predictLogistic } from './linear/logistic.js';
export type { LogisticModel, LogisticOptions } from './linear/logistic.js';
export * from './onnx/index.js';
export { reweigh } from './reweighing/kamiran-calders.js';
