import type { Decider } from '../kernel.js';
import type { ModelCommand, ModelVersionCommand } from './commands.js';
import { decide, decideVersion } from './decide.js';
import type { ModelEvent, ModelVersionEvent } from './events.js';
import { evolve, evolveVersion, noModel, noModelVersion, type Model, type ModelVersion } from './evolve.js';

export type { Model, ModelVersion } from './evolve.js';
export const model: Decider<ModelCommand, ModelEvent, Model> = { initial: noModel, decide, evolve };
export const modelVersion: Decider<ModelVersionCommand, ModelVersionEvent, ModelVersion> = {
  initial: noModelVersion,
  decide: decideVersion,
  evolve: evolveVersion,
};
