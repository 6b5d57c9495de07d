import type { InvalidCredentials } from '#libs/identity';
import type { CommandName, CommandRefused, CommandResult } from '../../../libs/application/contract.js';

/** A member of a mutation's union, as GraphQL resolves it. */
export type Answer = { readonly __typename: string } & Readonly<Record<string, unknown>>;

export function validationFailed(issues: readonly { readonly field: string; readonly rule: string }[]): Answer {
  const first = issues[0]!;
  return {
    __typename: 'ValidationFailed',
    code: 'ValidationFailed',
    message: `${first.field}: ${first.rule}${issues.length > 1 ? `, and ${issues.length - 1} more` : ''}`,
    issues,
  };
}

/** Seconds that a re-authentication counts (design rule 2). */
export const reauthenticationSeconds = 120;

export function reauthenticationRefused({ rule, field }: InvalidCredentials): Answer {
  return {
    __typename: 'ReauthenticationRequired',
    code: 'ReauthenticationRequired',
    rule,
    message: `The re-authentication is not accepted: ${rule} (${field}).`,
    maxAgeSeconds: reauthenticationSeconds,
  };
}

/** Turns the application's result into the union: the refusals that have a type of their own, all others as Refused. */
export function answerOf(name: CommandName, result: CommandResult, commandId: string, id: string): Answer {
  if (result.outcome === 'accepted') {
    const { position, positions, repeated } = result;
    return { __typename: 'CommandAccepted', id, commandId, position, positions, repeated };
  }
  const { code, details, position } = result;
  const base = { code, message: messageOf(name, result), position };
  switch (code) {
    case 'NotPermitted':
      return { __typename: 'NotPermitted', ...base, action: name };
    case 'IdempotencyConflict':
      return { __typename: 'IdempotencyConflict', ...base, commandId };
    case 'Contention':
      return { __typename: 'Conflict', ...base, commandId };
    case 'NotFound':
      return { __typename: 'NotFound', ...base, field: Object.keys(details)[0] ?? 'input' };
    case 'ValidationFailed':
    case 'InvalidInput':
      return { __typename: 'ValidationFailed', ...base, issues: details['issues'] ?? [] };
    case 'InvalidField':
    case 'NameTaken':
    case 'SubjectTaken':
      return {
        __typename: 'ValidationFailed',
        ...base,
        issues: [{ field: details['field'] ?? 'input', rule: details['rule'] ?? 'not taken' }],
      };
    case 'EvidenceChanged':
      return { __typename: 'EvidenceChanged', ...base, expected: details['expected'], presented: details['seen'] };
    case 'GateFailed':
      return { __typename: 'GateFailed', ...base, gates: gatesOf(details) };
    case 'ReauthenticationRequired':
      return {
        __typename: 'ReauthenticationRequired',
        ...base,
        rule: details['rule'],
        nonce: details['expected'],
        maxAgeSeconds: reauthenticationSeconds,
      };
    default:
      return { __typename: 'Refused', ...base, paths: pathsOf(details), numbers: numbersOf(details), details };
  }
}

function messageOf(name: CommandName, { code, details }: CommandRefused): string {
  const message = details['message'];
  return typeof message === 'string' ? message : `${name} is refused: ${code}.`;
}

function gatesOf(details: CommandRefused['details']): unknown {
  const gates = (details['gates'] ?? []) as readonly Readonly<Record<string, unknown>>[];
  return gates.map(({ definition, ...gate }) => ({ ...gate, measure: definition }));
}

/** Every list of steps in the details: `path`, or `paths`, or the paths of `contributions`. */
function pathsOf(details: CommandRefused['details']): { steps: readonly string[] }[] {
  const isPath = (value: unknown): value is string[] =>
    Array.isArray(value) && value.length > 0 && value.every((step) => typeof step === 'string');
  const found: { steps: readonly string[] }[] = [];
  if (isPath(details['path'])) found.push({ steps: details['path'] });
  if (Array.isArray(details['paths']))
    for (const path of details['paths'] as unknown[]) if (isPath(path)) found.push({ steps: path });
  return found;
}

function numbersOf(details: CommandRefused['details']): { name: string; value: number }[] {
  return Object.entries(details).flatMap(([name, value]) =>
    typeof value === 'number' && Number.isFinite(value) ? [{ name, value }] : [],
  );
}
