import { amend, change, insert, view } from '../core/view.js';
import { evaluation, evaluationGroup, evaluationMeasurement, gateVerdict } from './tables.js';

/** Each evaluation with its group counts, its numbers and the verdicts of the gates over them, failed ones alike. */
export const fairness = view({
  name: 'fairness',
  version: 2,
  tables: [evaluation, evaluationMeasurement, evaluationGroup, gateVerdict],
  evolve: {
    EvaluationRecorded: ({ id, data, metadata, digest }) => [
      change(evaluation, { evaluation_id: data.evaluationId }, () => ({
        status: 'recorded',
        model_version_id: data.modelVersionId,
        dataset_version_id: data.datasetVersionId,
        kinds: data.kinds,
        scheme: data.scheme,
        report: data.report,
        collected_at: data.collectedAt,
        expires_at: data.expiresAt,
        grade: data.grade,
        evaluated_by: metadata.actor.id,
        evaluated_at: metadata.occurredAt,
        amendments: [],
        event_id: id,
        digest,
      })),
      ...data.measurements.map((measurement) =>
        insert(evaluationMeasurement, {
          evaluation_id: data.evaluationId,
          definition: measurement.definition,
          value: measurement.value ?? undefined,
          undefined_because: measurement.undefined,
          n: measurement.n,
          denominator: measurement.denominator,
          interval: measurement.interval,
          group_values: measurement.group,
          source: measurement.source,
        }),
      ),
      ...data.groups.map((row) =>
        insert(evaluationGroup, {
          evaluation_id: data.evaluationId,
          group_values: row.group,
          n: row.n,
          true_positives: row.truePositives,
          false_positives: row.falsePositives,
          true_negatives: row.trueNegatives,
          false_negatives: row.falseNegatives,
        }),
      ),
    ],
    GateDecided: ({ id, data, metadata, digest }) => [
      insert(gateVerdict, {
        evaluation_id: data.evaluationId,
        gate_id: data.gateId,
        verdict: data.verdict,
        measurement: data.measurement,
        threshold: data.threshold,
        operator: data.operator,
        reads: data.reads,
        decision: data.decision,
        decided_at: metadata.occurredAt,
        event_id: id,
        digest,
      }),
    ],
    EvaluationWithdrawn: ({ data, metadata }) => [
      amend(
        evaluation,
        { evaluation_id: data.evaluationId },
        {
          status: 'withdrawn',
          superseded_by: data.supersededBy,
          withdrawn_at: metadata.occurredAt,
          withdrawal_reason: data.reason,
        },
      ),
    ],
    EvaluationAmended: ({ id, data, metadata }) => [
      change(evaluation, { evaluation_id: data.evaluationId }, (before) =>
        before === undefined
          ? undefined
          : {
              ...before,
              amendments: [
                ...(before.amendments as object[]),
                { amendment: data.amendment, reason: data.reason, amendedAt: metadata.occurredAt, eventId: id },
              ],
            },
      ),
    ],
  },
});
