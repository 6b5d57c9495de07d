import { registerEnumType } from '@nestjs/graphql';
import { roles } from '#libs/lifecycle';

/** A GraphQL enum over words of the domain: `data-steward` becomes DATA_STEWARD. */
function enumOf<Word extends string>(name: string, words: readonly Word[], description?: string): Record<string, Word> {
  const values = Object.fromEntries(words.map((word) => [word.toUpperCase().replace(/[^A-Z0-9]+/g, '_'), word]));
  registerEnumType(values, { name, description });
  return values;
}

export const RoleEnum = enumOf('Role', roles, 'Business roles, not platform roles.');
export const SignatureMeaningEnum = enumOf(
  'SignatureMeaning',
  ['authored', 'reviewed', 'validated', 'approved', 'accepted-risk', 'released', 'override'],
  'What a signature means (21 CFR 11.50).',
);
export const RiskTierEnum = enumOf('RiskTier', ['low', 'medium', 'high']);
export const EvidenceGradeEnum = enumOf(
  'EvidenceGrade',
  ['measured', 'attested', 'imported', 'asserted'],
  'How strong a piece of evidence is.',
);
export const ForeignGradeEnum = enumOf(
  'ForeignGrade',
  ['imported', 'asserted'],
  'The grade of evidence that was made elsewhere: taken from another system, or merely said.',
);
export const EvaluationKindEnum = enumOf('EvaluationKind', [
  'performance',
  'fairness',
  'robustness',
  'behaviour',
  'explanation',
  'validation',
]);
export const ColumnTypeEnum = enumOf('ColumnType', ['number', 'integer', 'boolean', 'string', 'timestamp']);
export const ColumnRoleEnum = enumOf('ColumnRole', ['label', 'feature', 'protected', 'identifier', 'weight']);
export const TrainingEngineEnum = enumOf(
  'TrainingEngine',
  ['assay', 'external'],
  'Who trains: the trainer of this installation, or somebody else who reports it.',
);
export const DeploymentStrategyEnum = enumOf('DeploymentStrategy', ['blue-green', 'canary']);
export const OverrideVerdictEnum = enumOf('OverrideVerdict', ['justified', 'not-justified']);
export const IncidentKindEnum = enumOf('IncidentKind', [
  'override',
  'drift',
  'condition-lapsed',
  'review-overdue',
  'reported',
]);
export const ExportKindEnum = enumOf('ExportKind', ['dossier']);
export const ConditionLapseEnum = enumOf('ConditionLapse', ['suspend', 'escalate']);
export const GateOperatorEnum = (() => {
  const values = { AT_LEAST: '>=', AT_MOST: '<=' } as const;
  registerEnumType(values, { name: 'GateOperator' });
  return values;
})();
export const GateReadsEnum = enumOf(
  'GateReads',
  ['point', 'bound'],
  'What a gate compares: the point value, or the bound of the interval that is worse for the model.',
);
