import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import {
  ColumnRoleEnum,
  ColumnTypeEnum,
  GateOperatorEnum,
  GateReadsEnum,
  RoleEnum,
  SignatureMeaningEnum,
} from '../commands/enums.js';
import { partOfAnswer } from '../graphql/errors.js';
import { Json, Position, Sha256, DateTime } from '../graphql/scalars.js';

@ObjectType('ContentFile', { description: 'A file by its SHA-256: GET /content/{digest}.' })
@partOfAnswer
export class ContentFile {
  @Field(() => Sha256)
  digest: string;
  @Field(() => Float)
  bytes: number;
  @Field(() => String)
  mediaType: string;
}

@ObjectType('Column')
@partOfAnswer
export class Column {
  @Field(() => String)
  name: string;
  @Field(() => ColumnTypeEnum)
  type: string;
  @Field(() => Float)
  nulls: number;
  @Field(() => ColumnRoleEnum, { nullable: true })
  role?: string;
  @Field(() => [String], { nullable: true, description: 'Columns of the parents that it is made of.' })
  from?: readonly string[];
}

@ObjectType('AttributeValue')
@partOfAnswer
export class AttributeValue {
  @Field(() => String)
  attribute: string;
  @Field(() => String)
  value: string;
}

@ObjectType('Interval')
@partOfAnswer
export class IntervalValue {
  @Field(() => String)
  method: string;
  @Field(() => Float)
  level: number;
  @Field(() => Float, { nullable: true })
  low?: number | null;
  @Field(() => Float, { nullable: true })
  high?: number | null;
}

@ObjectType('Measurement', { description: 'A number with its definition and its doubt.' })
@partOfAnswer
export class MeasurementValue {
  @Field(() => String, { description: '`name@profile`.' })
  definition: string;
  @Field(() => Float, { nullable: true, description: 'Absent exactly when `undefined` says why.' })
  value?: number | null;
  @Field(() => String, { nullable: true })
  undefined?: string;
  @Field(() => Float)
  n: number;
  @Field(() => Float, { nullable: true })
  denominator?: number;
  @Field(() => IntervalValue, { nullable: true })
  interval?: IntervalValue;
  @Field(() => [AttributeValue], { nullable: true, description: 'The group that it is about; absent for the whole.' })
  group?: readonly AttributeValue[];
  @Field(() => Sha256, { nullable: true })
  source?: string;
}

@ObjectType('GroupCount', { description: 'Counts of one group; "positive" is the favourable decision.' })
@partOfAnswer
export class GroupCountValue {
  @Field(() => [AttributeValue])
  group: readonly AttributeValue[];
  @Field(() => Float)
  n: number;
  @Field(() => Float)
  truePositives: number;
  @Field(() => Float)
  falsePositives: number;
  @Field(() => Float)
  trueNegatives: number;
  @Field(() => Float)
  falseNegatives: number;
}

@ObjectType('GateDecision', { description: "A policy's verdict over a number." })
@partOfAnswer
export class GateDecisionValue {
  @Field(() => String)
  gateId: string;
  @Field(() => String, { description: 'pass, fail, insufficient or undefined.' })
  verdict: string;
  @Field(() => Float)
  threshold: number;
  @Field(() => GateOperatorEnum)
  operator: string;
  @Field(() => GateReadsEnum)
  reads: string;
  @Field(() => MeasurementValue)
  measurement: MeasurementValue;
  @Field(() => ID, { nullable: true })
  policyId?: string;
  @Field(() => Int, { nullable: true })
  policyVersion?: number;
  @Field(() => DateTime, { nullable: true })
  decidedAt?: string;
}

@ObjectType('Disclosure', {
  description: 'A text that people wrote. The event holds its digest; the text lies in the vault and can be erased.',
})
@partOfAnswer
export class Disclosure {
  @Field(() => Sha256)
  digest: string;
  @Field(() => String, { nullable: true, description: 'Absent when it was erased or the caller may not see it.' })
  text?: string;
  @Field(() => DateTime, { nullable: true, description: 'When it was erased.' })
  erasedAt?: string;
}

@ObjectType('EvidencePin', { description: 'One piece of evidence as it stood: the head of its stream.' })
@partOfAnswer
export class EvidencePinValue {
  @Field(() => String)
  kind: string;
  @Field(() => String)
  stream: string;
  @Field(() => String)
  revision: string;
  @Field(() => Sha256)
  digest: string;
}

@ObjectType('Quorum')
@partOfAnswer
export class QuorumValue {
  @Field(() => RoleEnum)
  role: string;
  @Field(() => Int)
  minimum: number;
}

@ObjectType('ApprovalStage')
@partOfAnswer
export class ApprovalStage {
  @Field(() => String)
  id: string;
  @Field(() => [QuorumValue])
  quorum: readonly QuorumValue[];
  @Field(() => SignatureMeaningEnum)
  meaning: string;
  @Field(() => Int)
  timeoutHours: number;
}

@ObjectType('ScoredRows')
@partOfAnswer
export class ScoredRows {
  @Field(() => ID)
  modelVersionId: string;
  @Field(() => Float)
  rows: number;
}

@ObjectType('PolicyVersion', { description: 'A policy as it was published: versioned data, never changed.' })
@partOfAnswer
export class PolicyVersionValue {
  @Field(() => Int)
  version: number;
  @Field(() => Sha256, { nullable: true })
  digest?: string;
  @Field(() => Json, { nullable: true })
  document?: unknown;
  @Field(() => DateTime, { nullable: true })
  publishedAt?: string;
  @Field(() => Int, { nullable: true })
  supersededBy?: number;
  @Field(() => Position)
  position: bigint;
}

/** `{a: 'x'}` as `[{attribute: 'a', value: 'x'}]`, by attribute. */
export function attributes(
  record: Readonly<Record<string, string>> | undefined,
): readonly AttributeValue[] | undefined {
  if (!record) return undefined;
  return Object.entries(record)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([attribute, value]) => ({ attribute, value }));
}

interface StoredMeasurement extends Omit<MeasurementValue, 'group'> {
  readonly group?: Readonly<Record<string, string>>;
}

export function measurement(stored: unknown): MeasurementValue {
  const { group, ...rest } = stored as StoredMeasurement;
  return { ...rest, ...(group && { group: attributes(group)! }) };
}

export function measurements(stored: unknown): readonly MeasurementValue[] {
  return ((stored ?? []) as readonly unknown[]).map(measurement);
}

export function groupCounts(stored: unknown): readonly GroupCountValue[] {
  return ((stored ?? []) as readonly (Omit<GroupCountValue, 'group'> & { group: Record<string, string> })[]).map(
    (count) => ({ ...count, group: attributes(count.group)! }),
  );
}
