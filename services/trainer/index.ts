export type { ChildLimits, ChildProgress } from './child.js';
export type { EvaluationReport, MeasuredEvaluation } from './evaluate.js';
export { JobRefused } from './files.js';
export type { TrainingRecord } from './train.js';
export { startTrainer, trainerLimits } from './trainer.js';
export type { Trainer, TrainerDependencies } from './trainer.js';
