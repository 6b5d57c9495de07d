import { uuidOf } from '../graphql/global-id.js';
import type { NodeType } from '../graphql/global-id.js';
import type { ContentReference } from '#libs/lifecycle';
import type { ContentStore } from '#libs/content';
import { deterministicId } from '#libs/runtime';

/** What a rule may ask while it reads a value. */
export interface RuleScope {
  readonly commandId: string;
  readonly content: ContentStore;
  /** What keeps a model file from being served, as advice to its maker; undefined when nothing does. */
  inspectModel(content: ContentReference): Promise<string | undefined>;
  /** Collects what is wrong: the path of the field within `input` and the rule that it breaks. */
  issue(field: string, rule: string): undefined;
}

/** Reads one value of an input: the value as the command takes it, or an issue. Called for absent values too. */
export type Rule = (value: unknown, field: string, scope: RuleScope) => unknown;

const rules = new Map<object, Map<string, Rule>>();

/** Declares the rule of a field of an input class. */
export function addRule(input: object, field: string, rule: Rule): void {
  const own = rules.get(input) ?? new Map<string, Rule>();
  own.set(field, rule);
  rules.set(input, own);
}

/** Reads an input by the rules of its class; fields without a rule are taken as GraphQL coerced them. */
export async function readInput(
  input: object,
  value: Readonly<Record<string, unknown>>,
  scope: RuleScope,
  path = '',
): Promise<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  for (const [field, given] of Object.entries(value)) if (given !== null) read[field] = given;
  for (let type: object | null = input; type; type = Object.getPrototypeOf(type) as object | null) {
    for (const [field, rule] of rules.get(type) ?? []) {
      let result = rule(read[field], `${path}${field}`, scope);
      if (result instanceof Promise) result = await result;
      if (result === undefined) delete read[field];
      else read[field] = result;
    }
  }
  return read;
}

// Control characters (tab and line ends are the business of `line`), bidirectional overrides and isolates: they make
// a name look like another.
const hostile = /(?![\t\n\r])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

export function textRule(limits: { readonly max: number; readonly line: boolean }): Rule {
  return (value, field, { issue }) => {
    if (value === undefined) return undefined;
    const text = value as string;
    if (text.trim() === '') return issue(field, 'must not be empty');
    if (text.length > limits.max) return issue(field, `at most ${limits.max} characters`);
    if (!text.isWellFormed()) return issue(field, 'must be well-formed Unicode');
    if (hostile.test(text)) return issue(field, 'must not hold control or direction-changing characters');
    if (limits.line && /[\r\n\t]/.test(text)) return issue(field, 'must be one line');
    return text.normalize('NFC');
  };
}

export function keyRule(types: readonly NodeType[]): Rule {
  return (value, field, { issue }) => {
    if (value === undefined) return undefined;
    return uuidOf(value as string, types) ?? issue(field, `must be the id of a ${types.join(' or ')}`);
  };
}

/** The id of something new: the client's UUID, or one derived from the command id, so that a repeat means the same thing. */
export function newKeyRule(types: readonly NodeType[]): Rule {
  const read = keyRule(types);
  return (value, field, scope) =>
    value === undefined ? deterministicId('command', scope.commandId, field) : read(value, field, scope);
}

export function listRule(each: Rule | undefined, limits: { readonly min?: number; readonly max: number }): Rule {
  return async (value, field, scope) => {
    if (value === undefined) return undefined;
    const list = value as readonly unknown[];
    if (list.length > limits.max) return scope.issue(field, `at most ${limits.max} items`);
    if (list.length < (limits.min ?? 0)) return scope.issue(field, `at least ${limits.min} items`);
    return each ? await Promise.all(list.map((item, index) => each(item, `${field}.${index}`, scope))) : list;
  };
}

export function nestedRule(type: () => object): Rule {
  return (value, field, scope) =>
    value === undefined ? undefined : readInput(type(), value as Readonly<Record<string, unknown>>, scope, `${field}.`);
}

export function numberRule(limits: { readonly min?: number; readonly max?: number }): Rule {
  return (value, field, { issue }) => {
    if (value === undefined) return undefined;
    const number = value as number;
    if (limits.min !== undefined && number < limits.min) return issue(field, `at least ${limits.min}`);
    if (limits.max !== undefined && number > limits.max) return issue(field, `at most ${limits.max}`);
    return number;
  };
}

/** A file that was uploaded before: found by its digest, sized by the store and not by the client. */
export const contentRule: Rule = async (value, field, { issue, content }) => {
  if (value === undefined) return undefined;
  const { digest, mediaType } = value as { digest: string; mediaType: string };
  if (!/^[a-z0-9!#$&^_.+-]{1,100}\/[a-z0-9!#$&^_.+-]{1,100}$/.test(mediaType))
    return issue(`${field}.mediaType`, 'must be a media type without parameters, lower case');
  const found = await content.find(digest);
  if (!found) return issue(`${field}.digest`, 'no content with this SHA-256 was uploaded');
  return { digest, bytes: found.bytes, mediaType } satisfies ContentReference;
};

/** A model file must be one that can be served. */
export const artifactRule: Rule = async (value, field, { issue, inspectModel }) => {
  if (value === undefined) return undefined;
  const advice = await inspectModel(value as ContentReference);
  return advice === undefined ? value : issue(`${field}.digest`, advice);
};
