import { ApprovalMutations } from './commands/approvals.js';
import { DataMutations } from './commands/data.js';
import { DeploymentMutations } from './commands/deployments.js';
import { EvaluationMutations } from './commands/evaluations.js';
import { IncidentMutations } from './commands/incidents.js';
import { ModelMutations } from './commands/models.js';
import { PeopleMutations } from './commands/people.js';
import { PolicyMutations } from './commands/policies.js';
import {
  ApprovalActResolver,
  ApprovalConditionResolver,
  ApprovalResolver,
  OverrideResolver,
} from './queries/approvals.js';
import { CodeResolver, DatasetResolver, DatasetVersionResolver } from './queries/data.js';
import {
  DeploymentChangeResolver,
  DeploymentResolver,
  IncidentResolver,
  PermitResolver,
  PredictionSegmentResolver,
  TrafficArmResolver,
} from './queries/deployments.js';
import { EvaluationResolver } from './queries/evaluations.js';
import { InboxResolver } from './queries/inbox.js';
import { ViewLagResolver } from './queries/lag.js';
import { ContributorResolver, LineageNodeResolver, LineageResolver } from './queries/lineage.js';
import { ModelVersionResolver } from './queries/model-version.js';
import { ModelAliasResolver, ModelResolver, PolicyResolver, TrainingRunResolver } from './queries/models.js';
import { NodeResolver } from './queries/node.js';
import { AccessGrantResolver, ExportResolver, IdentityResolver } from './queries/people.js';
import {
  ConditionsResolver,
  DenialResolver,
  DeploymentChangesResolver,
  EvidenceAccessResolver,
  ExportAccessResolver,
} from './queries/registers.js';
import { ServingResolver } from './queries/serving.js';
import { TimelineResolver } from './queries/timeline.js';
import { ViewerResolver } from './queries/viewer.js';
import { SubscriptionResolver } from './subscriptions/resolver.js';

const subscriptions = [SubscriptionResolver];

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

const queries = [
  AccessGrantResolver,
  ApprovalActResolver,
  ApprovalConditionResolver,
  ApprovalResolver,
  CodeResolver,
  ConditionsResolver,
  ContributorResolver,
  DatasetResolver,
  DatasetVersionResolver,
  DenialResolver,
  DeploymentChangeResolver,
  DeploymentChangesResolver,
  DeploymentResolver,
  EvaluationResolver,
  EvidenceAccessResolver,
  ExportAccessResolver,
  ExportResolver,
  IdentityResolver,
  InboxResolver,
  IncidentResolver,
  LineageNodeResolver,
  LineageResolver,
  ModelAliasResolver,
  ModelResolver,
  ModelVersionResolver,
  NodeResolver,
  OverrideResolver,
  PermitResolver,
  PolicyResolver,
  PredictionSegmentResolver,
  ServingResolver,
  TimelineResolver,
  TrafficArmResolver,
  TrainingRunResolver,
  ViewLagResolver,
  ViewerResolver,
];

/** Every class that holds fields of the schema. */
export const resolvers = [...mutations, ...queries, ...subscriptions];
