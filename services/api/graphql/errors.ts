import { Extensions, Field, Float, ID, Int, InterfaceType, ObjectType } from '@nestjs/graphql';
import { Json, Position, Sha256 } from './scalars.js';

/** What a mutation refuses with. Top-level `errors` are for faults, sign-in and limits only. */
@InterfaceType('Error', {
  description: 'Why a mutation changed nothing. `code` is stable and names the rule; `message` is for people.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class ErrorInterface {
  @Field(() => String)
  code: string;
  @Field(() => String)
  message: string;
}

const error = { implements: () => [ErrorInterface] };

/** The parts of an answer are read with the answer: whoever may see it may see them. */
export const partOfAnswer = Extensions({ can: 'part' });

@ObjectType('NotPermitted', { ...error, description: 'The actor has no right to this. Counted as a denial.' })
@partOfAnswer
export class NotPermitted extends ErrorInterface {
  @Field(() => String, { description: 'What was attempted.' })
  action: string;
  @Field(() => Position, { nullable: true, description: 'Where the denial was counted.' })
  position?: bigint;
}

@ObjectType('ExclusionPath', { description: 'One way from the model version to an act of the person who is excluded.' })
@partOfAnswer
export class ExclusionPath {
  @Field(() => [String], { description: 'Nearest first, e.g. `training-run:…`, `code:…`, `author`.' })
  steps: readonly string[];
}

@ObjectType('RefusalNumber')
@partOfAnswer
export class RefusalNumber {
  @Field(() => String)
  name: string;
  @Field(() => Float, { nullable: true })
  value: number | undefined;
}

@ObjectType('Refused', {
  ...error,
  description: 'A rule of the lifecycle says no; `code` is the rule. Counted as a denial.',
})
@partOfAnswer
export class Refused extends ErrorInterface {
  @Field(() => [ExclusionPath], { description: 'Why the person is excluded, where a person is.' })
  paths: readonly ExclusionPath[];
  @Field(() => [RefusalNumber], { description: 'The numbers that the rule compared.' })
  numbers: readonly RefusalNumber[];
  @Field(() => Json, { description: 'Everything that the rule says of itself: codes, numbers, ids, paths.' })
  details: unknown;
  @Field(() => Position, { nullable: true, description: 'Where the denial was counted.' })
  position?: bigint;
}

@ObjectType('ValidationIssue')
@partOfAnswer
export class ValidationIssue {
  @Field(() => String, { description: 'Path of the field within `input`, e.g. `columns.3.name`.' })
  field: string;
  @Field(() => String, { description: 'The rule that the value breaks.' })
  rule: string;
}

@ObjectType('ValidationFailed', { ...error, description: 'The input is not what the command takes.' })
@partOfAnswer
export class ValidationFailed extends ErrorInterface {
  @Field(() => [ValidationIssue])
  issues: readonly ValidationIssue[];
}

@ObjectType('IdempotencyConflict', {
  ...error,
  description: 'This command id was carried out before with other content.',
})
@partOfAnswer
export class IdempotencyConflict extends ErrorInterface {
  @Field(() => ID)
  commandId: string;
}

@ObjectType('Conflict', {
  ...error,
  description:
    'Others kept writing to the same thing until the retries were used up. Try again with the same command id.',
})
@partOfAnswer
export class Conflict extends ErrorInterface {
  @Field(() => ID)
  commandId: string;
}

@ObjectType('NotFound', { ...error, description: 'Nothing has this id, or nothing that the actor may see.' })
@partOfAnswer
export class NotFound extends ErrorInterface {
  @Field(() => String)
  field: string;
}

@ObjectType('EvidenceChanged', {
  ...error,
  description: 'What was seen is not what stands now. Counted as a denial.',
})
@partOfAnswer
export class EvidenceChanged extends ErrorInterface {
  @Field(() => Sha256, { nullable: true, description: 'Digest of the evidence as it stands.' })
  expected?: string;
  @Field(() => Sha256, { nullable: true, description: 'Digest that was signed for.' })
  presented?: string;
  @Field(() => Position, { nullable: true })
  position?: bigint;
}

@ObjectType('FailedGate')
@partOfAnswer
export class FailedGate {
  @Field(() => String)
  gateId: string;
  @Field(() => String, { nullable: true })
  measure?: string;
  @Field(() => String)
  verdict: string;
  @Field(() => Float, { nullable: true, description: 'Absent exactly when the measure is undefined.' })
  value?: number;
  @Field(() => Float, { nullable: true })
  low?: number;
  @Field(() => Float, { nullable: true })
  high?: number;
  @Field(() => Float)
  threshold: number;
  @Field(() => String)
  operator: string;
  @Field(() => Int, { nullable: true })
  n?: number;
}

@ObjectType('GateFailed', {
  ...error,
  description: 'The evaluation gates do not pass, with the numbers. Counted as a denial.',
})
@partOfAnswer
export class GateFailed extends ErrorInterface {
  @Field(() => [FailedGate])
  gates: readonly FailedGate[];
  @Field(() => Position, { nullable: true })
  position?: bigint;
}

@ObjectType('ReauthenticationRequired', {
  ...error,
  description:
    'Signing takes a re-authentication: an ID token not older than maxAgeSeconds whose nonce is that of `signingChallenge`, used once. Counted as a denial.',
})
@partOfAnswer
export class ReauthenticationRequired extends ErrorInterface {
  @Field(() => String, { nullable: true, description: 'What is wrong with the one that came, if one came.' })
  rule?: string;
  @Field(() => String, { nullable: true, description: 'What the nonce has to be.' })
  nonce?: string;
  @Field(() => Int)
  maxAgeSeconds: number;
  @Field(() => Position, { nullable: true })
  position?: bigint;
}
