import { amend, change, insert, view } from '../core/view.js';
import {
  dataQuality,
  dataset,
  datasetVersion,
  model,
  modelAlias,
  modelVersion,
  policyVersion,
  riskTier,
  trainingRun,
} from './tables.js';

/** What exists: data sets, training runs, models, their versions, tiers and policies, each state with its position. */
export const inventory = view({
  name: 'inventory',
  version: 2,
  tables: [dataset, datasetVersion, dataQuality, trainingRun, model, modelAlias, modelVersion, riskTier, policyVersion],
  evolve: {
    DatasetRegistered: ({ data, metadata }) => [
      change(dataset, { dataset_id: data.datasetId }, () => ({
        name: data.name,
        purpose: data.purpose,
        legal_basis: data.legalBasis,
        licence: data.licence,
        description: data.description,
        registered_by: metadata.actor.id,
        registered_at: metadata.occurredAt,
      })),
    ],

    DatasetVersionSealed: ({ data, metadata }) => [
      change(datasetVersion, { dataset_version_id: data.datasetVersionId }, () => ({
        dataset_id: data.datasetId,
        number: data.number,
        status: 'sealed',
        content: data.content,
        row_digest: data.rowDigest,
        rows: data.rows,
        columns: data.columns,
        profile: data.profile,
        derived_from: data.derivedFrom,
        code: data.code,
        grade: data.grade,
        sealed_by: metadata.actor.id,
        sealed_at: metadata.occurredAt,
      })),
    ],
    DatasetVersionWithdrawn: ({ data, metadata }) => [
      change(datasetVersion, { dataset_version_id: data.datasetVersionId }, (before) => ({
        ...before,
        status: 'withdrawn',
        withdrawn_at: metadata.occurredAt,
        withdrawal_reason: data.reason,
      })),
    ],
    DataQualityFound: ({ data, metadata }) => [
      insert(dataQuality, {
        dataset_version_id: data.datasetVersionId,
        rule: data.rule,
        column_name: data.column,
        detail: data.detail,
        found_at: metadata.occurredAt,
      }),
    ],

    TrainingRunStarted: ({ data, metadata }) => [
      change(trainingRun, { training_run_id: data.trainingRunId }, () => ({
        model_id: data.modelId,
        status: 'started',
        dataset_version_ids: data.datasetVersionIds,
        engine: data.engine,
        algorithm: data.algorithm,
        job: data.job,
        code: data.code,
        seed: data.seed,
        grade: data.grade,
        started_by: metadata.actor.id,
        started_at: metadata.occurredAt,
      })),
    ],
    TrainingRunCompleted: ({ data, metadata }) => [
      change(trainingRun, { training_run_id: data.trainingRunId }, (before) => ({
        ...before,
        status: 'completed',
        ended_at: metadata.occurredAt,
        artifact: data.artifact,
        environment: data.environment,
        record: data.record,
        measurements: data.measurements,
      })),
    ],
    TrainingRunFailed: ({ data, metadata }) => [
      change(trainingRun, { training_run_id: data.trainingRunId }, (before) => ({
        ...before,
        status: 'failed',
        ended_at: metadata.occurredAt,
        failure: data.code,
        detail: data.detail,
      })),
    ],
    TrainingRunCancelled: ({ data, metadata }) => [
      change(trainingRun, { training_run_id: data.trainingRunId }, (before) => ({
        ...before,
        status: 'cancelled',
        ended_at: metadata.occurredAt,
        detail: data.reason,
      })),
    ],

    ModelRegistered: ({ data, metadata }) => [
      change(model, { model_id: data.modelId }, (before) => ({
        ...before,
        name: data.name,
        owner_id: data.ownerId,
        policy_id: data.policyId,
        intended_use: data.intendedUse,
        prohibited_uses: data.prohibitedUses,
        jurisdictions: data.jurisdictions,
        description: data.description,
        registered_at: metadata.occurredAt,
      })),
    ],
    ModelVersionNumbered: ({ data }) => [amend(model, { model_id: data.modelId }, { latest_number: data.number })],
    ModelAliasMoved: ({ data, metadata }) => [
      change(modelAlias, { model_id: data.modelId, alias: data.alias }, () => ({
        model_version_id: data.modelVersionId,
        moved_by: metadata.actor.id,
        moved_at: metadata.occurredAt,
      })),
    ],

    ModelVersionRegistered: ({ data, metadata }) => [
      change(modelVersion, { model_version_id: data.modelVersionId }, () => ({
        model_id: data.modelId,
        number: data.number,
        training_run_id: data.trainingRunId,
        dataset_version_ids: data.datasetVersionIds,
        code: data.code,
        artifact: data.artifact,
        features: data.features,
        grade: data.grade,
        registered_by: metadata.actor.id,
        registered_at: metadata.occurredAt,
      })),
    ],
    ModelVersionRetired: ({ data, metadata }) => [
      change(modelVersion, { model_version_id: data.modelVersionId }, (before) => ({
        ...before,
        retired_at: metadata.occurredAt,
        retired_by: metadata.actor.id,
        successor_id: data.successorId,
        retirement_reason: data.reason,
      })),
    ],

    RiskTierSet: ({ data, metadata }) => [
      change(riskTier, { model_version_id: data.modelVersionId }, () => ({
        tier: data.tier,
        function: data.function,
        inputs: data.inputs,
        evaluation_ids: data.evaluationIds,
        set_at: metadata.occurredAt,
      })),
    ],

    PolicyPublished: ({ data, metadata }) => [
      change(policyVersion, { policy_id: data.policyId, version: data.version }, () => ({
        name: data.name,
        document: data.document,
        digest: data.digest,
        published_by: metadata.actor.id,
        published_at: metadata.occurredAt,
      })),
    ],
    PolicySuperseded: ({ data, metadata }) => [
      change(policyVersion, { policy_id: data.policyId, version: data.version }, (before) => ({
        ...before,
        superseded_by: data.by,
        superseded_at: metadata.occurredAt,
      })),
    ],
  },
});
