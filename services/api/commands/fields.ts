import type { Type } from '@nestjs/common';
import { Field, Float, ID, InputType, Int } from '@nestjs/graphql';
import { isUuid } from '../graphql/global-id.js';
import type { NodeType } from '../graphql/global-id.js';
import { DateTime, Sha256 } from '../graphql/scalars.js';
import {
  addRule,
  artifactRule,
  contentRule,
  keyRule,
  listRule,
  nestedRule,
  newKeyRule,
  numberRule,
  textRule,
} from './rules.js';
import type { Rule } from './rules.js';

/** Characters of a line (a name, an environment, a cause) and of a text (a reason, a description). */
export const lineLimit = 200;
export const textLimit = 4_000;
/** Items of a list that is not otherwise limited. */
export const listLimit = 1_000;

interface Options {
  readonly optional?: boolean;
  readonly description?: string;
}

function field(type: () => unknown, options: Options, rule?: Rule): PropertyDecorator {
  return (target, property) => {
    Field(type as () => Type<unknown>, { nullable: options.optional ?? false, description: options.description })(
      target,
      property,
    );
    if (rule) addRule(target.constructor, property as string, rule);
  };
}

/** The id of something that exists. */
export function Key(types: NodeType | readonly NodeType[], options: Options = {}): PropertyDecorator {
  return field(() => ID, options, keyRule([types].flat()));
}

/** The id of what the command makes: left out, it is derived from the command id. */
export function NewKey(types: NodeType | readonly NodeType[]): PropertyDecorator {
  return field(
    () => ID,
    { optional: true, description: 'A new UUID; left out, one is derived from the command id.' },
    newKeyRule([types].flat()),
  );
}

export function Keys(
  types: NodeType | readonly NodeType[],
  options: Options & { min?: number; max?: number } = {},
): PropertyDecorator {
  const rule = listRule(keyRule([types].flat()), { min: options.min, max: options.max ?? listLimit });
  return field(() => [ID], options, rule);
}

/** One line: an identifier that lies open in the event. */
export function Line(options: Options & { max?: number } = {}): PropertyDecorator {
  return field(() => String, options, textRule({ max: options.max ?? lineLimit, line: true }));
}

export function Lines(options: Options & { min?: number; max?: number } = {}): PropertyDecorator {
  const rule = listRule(textRule({ max: lineLimit, line: true }), { min: options.min, max: options.max ?? listLimit });
  return field(() => [String], options, rule);
}

/** What people write: it goes into the vault, its digest into the event. */
export function Text(options: Options = {}): PropertyDecorator {
  return field(() => String, options, textRule({ max: textLimit, line: false }));
}

export function Time(options: Options = {}): PropertyDecorator {
  return field(() => DateTime, options);
}

export function Choice(type: object, options: Options = {}): PropertyDecorator {
  return field(() => type, options);
}

export function Digest(options: Options = {}): PropertyDecorator {
  return field(() => Sha256, options);
}

export function Whole(options: Options & { min?: number; max?: number } = {}): PropertyDecorator {
  return field(() => Int, options, numberRule(options));
}

export function Decimal(options: Options & { min?: number; max?: number } = {}): PropertyDecorator {
  return field(() => Float, options, numberRule(options));
}

export function Nested(type: () => object, options: Options = {}, then?: Rule): PropertyDecorator {
  return field(type, options, then ? chain(nestedRule(type), then) : nestedRule(type));
}

export function NestedList(
  type: () => object,
  options: Options & { min?: number; max?: number; each?: Rule } = {},
): PropertyDecorator {
  const each = options.each ? chain(nestedRule(type), options.each) : nestedRule(type);
  return field(() => [type()], options, listRule(each, { min: options.min, max: options.max ?? listLimit }));
}

@InputType('ContentInput', { description: 'A file that was uploaded before with PUT /content/{sha256}.' })
export class ContentInput {
  @Field(() => Sha256)
  digest: string;
  @Field(() => String)
  mediaType: string;
}

export function Content(options: Options = {}): PropertyDecorator {
  return field(() => ContentInput, options, contentRule);
}

/** A model file: also read by ONNX Runtime before it is registered. */
export function Artifact(options: Options = {}): PropertyDecorator {
  return field(() => ContentInput, options, chain(contentRule, artifactRule));
}

function chain(first: Rule, second: Rule): Rule {
  return async (value, path, scope) => second(await first(value, path, scope), path, scope);
}

/** What every mutation takes. */
@InputType({ isAbstract: true })
export abstract class CommandInput {
  @Field(() => ID, {
    description: 'A UUID of the client. Sent again, it changes nothing and answers with the old positions.',
  })
  commandId: string;
}

addRule(CommandInput, 'commandId', (value, path, { issue }) =>
  isUuid(value as string) ? value : issue(path, 'must be a UUID, lower case'),
);

/** What a mutation takes that is a signature. */
@InputType({ isAbstract: true })
export abstract class SigningInput extends CommandInput {
  @Field(() => String, {
    nullable: true,
    description:
      'The ID token of a re-authentication (max_age=0) whose nonce is that of `signingChallenge`: not older than 120 s, used once.',
  })
  reauthentication?: string;
  @Key('Identity', { optional: true, description: 'The delegator, when acting by delegation.' })
  onBehalfOf?: string;
}
