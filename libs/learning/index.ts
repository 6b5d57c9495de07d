/**
 * Learning: jobs run to an ONNX file and a record. The trainer calls `parseJob`, `runJob(job, table)` and
 * `evaluatePooled(result.predictions, protectedColumns, threshold)`; serving reads the file by `describeOnnx`,
 * `readMetadata`, `encodeRow` (conventions in `onnx/README.md`). A search calls `prepare` once and
 * `validateCandidate` for each candidate.
 */
export type { Algorithm, FitContext, FittedModel, SummaryValue, Task, TrainingSet } from './algorithm.js';
export { algorithms } from './algorithms.js';
export type { AlgorithmDocument, Candidate, CandidateContext, FoldScores, Scores } from './job/candidate.js';
export { parseJob } from './job/document.js';
export type { Job } from './job/document.js';
export { environmentSignature } from './job/environment.js';
export type { Environment, EnvironmentSignature } from './job/environment.js';
export { evaluatePooled, findMeasurement } from './job/evaluate.js';
export type { PooledEvaluation } from './job/evaluate.js';
export type {
  ClassPredictions,
  NumberPredictions,
  OtherPredictions,
  PooledPredictions,
  Predictions,
} from './job/predictions.js';
export { fitCandidate, prepare } from './job/prepare.js';
export type { FittedCandidate, Prepared } from './job/prepare.js';
export { validateCandidate, validateNested } from './job/validate.js';
export type { CandidateResult, FoldOutputs } from './job/validate.js';
export type { Problem } from './job/problem.js';
export { runJob } from './job/run.js';
export type { FitRecord, FoldRecord, JobResult, ProblemRecord, RunOptions, RunRecord } from './job/run.js';
export { jobSchema } from './job/schema.js';
export { attributionMethods, explainLimits, explainModel, measureModel } from './explain/index.js';
export type { AttributionMethod, Decision, ExplainOptions, ExplainReport, FeatureValue } from './explain/index.js';
export { fitLogistic, predictLogistic } from './linear/logistic.js';
export type { LogisticModel, LogisticOptions } from './linear/logistic.js';
export * from './onnx/index.js';
export { cut, hierarchy, maximumHierarchyRows } from './projection/hierarchical.js';
export type { Join, Linkage } from './projection/hierarchical.js';
export { maximumTsneRows, tsne } from './projection/t-sne.js';
export type { Map2d, TsneOptions } from './projection/t-sne.js';
export { reweigh } from './reweighing/kamiran-calders.js';
export { bayesianSearch } from './search/bayesian.js';
export { geneticSearch, gridSearch, randomSearch, successiveHalving } from './search/simple.js';
export { Space } from './search/space.js';
export type { Observation, Strategy } from './search/strategy.js';
export { runSearch, searchDigest } from './search/run-search.js';
export { openTrials } from './search/trials.js';
export type { TrialLog, TrialRecord } from './search/trials.js';
export { judgeRun } from './record/judge.js';
export type { RunVerdicts } from './record/judge.js';
