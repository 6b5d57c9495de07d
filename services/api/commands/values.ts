import { Field, Float, InputType, Int } from '@nestjs/graphql';
import type { Measurement } from '#libs/lifecycle';
import { ColumnRoleEnum, ColumnTypeEnum } from './enums.js';
import { Decimal, Digest, Key, Keys, Line, Lines, Nested, NestedList, Text, Time, Whole } from './fields.js';
import type { Rule } from './rules.js';

@InputType('CodeInput', { description: 'A commit and the people who wrote it: they become contributors.' })
export class CodeInput {
  @Line({ max: 500 })
  repository: string;
  @Line({ max: 64 })
  commit: string;
  @Keys('Identity')
  authors: readonly string[];
}

@InputType('ColumnInput')
export class ColumnInput {
  @Line()
  name: string;
  @Field(() => ColumnTypeEnum)
  type: string;
  @Whole({ min: 0 })
  nulls: number;
  @Field(() => ColumnRoleEnum, { nullable: true })
  role?: string;
  @Lines({ optional: true, description: 'Columns of the parents that it is made of: `<datasetVersionId>#<column>`.' })
  from?: readonly string[];
}

@InputType('AttributeValueInput')
export class AttributeValueInput {
  @Line()
  attribute: string;
  @Line()
  value: string;
}

/** `[{attribute, value}]` as the events hold it: attribute to value. */
const asRecord: Rule = (value, field, { issue }) => {
  if (value === undefined) return undefined;
  const pairs = value as readonly AttributeValueInput[];
  const record = Object.fromEntries(pairs.map(({ attribute, value }) => [attribute, value]));
  return Object.keys(record).length === pairs.length ? record : issue(field, 'names an attribute twice');
};

@InputType('IntervalInput')
export class IntervalInput {
  @Line()
  method: string;
  @Decimal({ min: 0, max: 1, description: 'Confidence level, e.g. 0.95.' })
  level: number;
  @Field(() => Float, { nullable: true })
  low?: number;
  @Field(() => Float, { nullable: true })
  high?: number;
}

const interval: Rule = (value) =>
  value === undefined ? undefined : { low: null, high: null, ...(value as IntervalInput) };

const group: Rule = async (value, field, scope) =>
  value === undefined ? undefined : asRecord(value, `${field}.group`, scope);

@InputType('MeasurementInput', { description: 'A number with its definition and its doubt.' })
export class MeasurementInput {
  @Line({ description: '`name@profile`.' })
  definition: string;
  @Field(() => Float, { nullable: true, description: 'Left out exactly when `undefined` says why.' })
  value?: number;
  @Line({ optional: true, description: 'Why the measure has no value.' })
  undefined?: string;
  @Whole({ min: 0 })
  n: number;
  @Whole({ min: 0, optional: true })
  denominator?: number;
  @Nested(() => IntervalInput, { optional: true }, interval)
  interval?: IntervalInput;
  @NestedList(() => AttributeValueInput, { optional: true, max: 10 })
  group?: readonly AttributeValueInput[];
  @Digest({ optional: true, description: 'Digest of what it was computed from.' })
  source?: string;
}

/** One measurement as the events hold it. */
export const measurement: Rule = async (value, field, scope) => {
  const input = value as MeasurementInput;
  if (input.value === undefined && input.undefined === undefined)
    return scope.issue(`${field}.value`, 'a measurement without a value must say in `undefined` why');
  if (input.value !== undefined && input.undefined !== undefined)
    return scope.issue(`${field}.undefined`, 'a measurement with a value is not undefined');
  return {
    ...input,
    value: input.value ?? null,
    group: await group(input.group, field, scope),
  } as unknown as Measurement;
};

@InputType('GroupCountInput', { description: 'Counts of one group; "positive" is the favourable decision.' })
export class GroupCountInput {
  @NestedList(() => AttributeValueInput, { min: 1, max: 10 })
  group: readonly AttributeValueInput[];
  @Whole({ min: 0 })
  n: number;
  @Whole({ min: 0 })
  truePositives: number;
  @Whole({ min: 0 })
  falsePositives: number;
  @Whole({ min: 0 })
  trueNegatives: number;
  @Whole({ min: 0 })
  falseNegatives: number;
}

export const groupCount: Rule = async (value, field, scope) => {
  const input = value as GroupCountInput;
  const cells = input.truePositives + input.falsePositives + input.trueNegatives + input.falseNegatives;
  if (cells !== input.n) return scope.issue(`${field}.n`, `must be the sum of the four cells, ${cells}`);
  return { ...input, group: await group(input.group, field, scope) };
};

@InputType('ConditionInput', { description: 'What the approval is bound to be followed by.' })
export class ConditionInput {
  @Key('Identity')
  ownerId: string;
  @Time()
  dueAt: string;
  @Text()
  text: string;
}

@InputType('ArmInput')
export class ArmInput {
  @Key('ModelVersion')
  modelVersionId: string;
  @Field(() => Int, { description: 'Share of the traffic in basis points.' })
  weight: number;
}
