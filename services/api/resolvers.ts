import { ApprovalMutations } from './commands/approvals.js';
import { DataMutations } from './commands/data.js';
import { DeploymentMutations } from './commands/deployments.js';
import { EvaluationMutations } from './commands/evaluations.js';
import { IncidentMutations } from './commands/incidents.js';
import { ModelMutations } from './commands/models.js';
import { PeopleMutations } from './commands/people.js';
import { PolicyMutations } from './commands/policies.js';
import { ViewerResolver } from './queries/viewer.js';

const mutations = [
  ApprovalMutations,
  DataMutations,
  DeploymentMutations,
  EvaluationMutations,
  IncidentMutations,
  ModelMutations,
  PeopleMutations,
  PolicyMutations,
];

const queries = [ViewerResolver];

/** Every class that holds fields of the schema. */
export const resolvers = [...mutations, ...queries];
