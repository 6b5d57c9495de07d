import { isRecord } from '../kernel.js';
import { roles, signingRoles } from '../roles.js';

/** A field of a policy document (JSON pointer) and the rule that it breaks. */
export interface PolicyFault {
  readonly field: string;
  readonly rule: string;
}

const meanings = ['authored', 'reviewed', 'validated', 'approved', 'accepted-risk', 'released'];
const tiers = ['low', 'medium', 'high'];
const slug = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const definition = /^[!-?A-~]+@[!-?A-~]+$/;
const token = /^[!-~]{1,300}$/;
const label = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;

/** Most gates, stages and roles that a document may hold. */
export const policyLimits = { gates: 100, stages: 10, rolesOfAStage: 10, signersOfARole: 20 } as const;

/** Everything that is wrong with a policy document, as untrusted JSON; empty when it may be published. */
export function policyFaults(document: unknown): readonly PolicyFault[] {
  const faults: PolicyFault[] = [];
  const fault = (field: string, rule: string) => void faults.push({ field, rule });
  const fields = (value: unknown, at: string, known: readonly string[], optional: readonly string[] = []) => {
    if (!isRecord(value)) {
      fault(at, 'must be an object');
      return undefined;
    }
    for (const key of known) if (value[key] === undefined) fault(`${at}/${key}`, 'is required');
    for (const key of Object.keys(value))
      if (!known.includes(key) && !optional.includes(key))
        fault(`${at}/${key.slice(0, 100)}`, 'is not a field of a policy');
    return value;
  };
  const whole = (value: unknown, at: string, low: number, high: number) => {
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= low && Number(value) <= high))
      fault(at, `must be a whole number from ${low} to ${high}`);
  };
  const matches = (value: unknown, at: string, pattern: RegExp, what: string) => {
    if (value !== undefined && !(typeof value === 'string' && pattern.test(value))) fault(at, `must be ${what}`);
  };
  const oneOf = (value: unknown, at: string, allowed: readonly string[]) => {
    if (value !== undefined && !allowed.includes(value as string)) fault(at, `must be one of ${allowed.join(', ')}`);
  };
  const list = (value: unknown, at: string, low: number, high: number): readonly unknown[] => {
    if (Array.isArray(value) && value.length >= low && value.length <= high) return value;
    if (value !== undefined) fault(at, `must be a list of ${low} to ${high}`);
    return [];
  };
  const acr = (value: unknown, at: string) =>
    list(value, at, 1, 20).forEach((entry, index) => matches(entry, `${at}/${index}`, token, 'an acr value'));

  const root = fields(document, '', [
    'decision',
    'gates',
    'riskFunction',
    'tiers',
    'evidenceValidDays',
    'override',
    'minimumGroupSize',
  ]);
  if (!root) return faults;
  whole(root['evidenceValidDays'], '/evidenceValidDays', 1, 3660);
  whole(root['minimumGroupSize'], '/minimumGroupSize', 1, 1_000_000);
  matches(root['riskFunction'], '/riskFunction', definition, 'name@version');

  const decision =
    root['decision'] === undefined
      ? undefined
      : fields(root['decision'], '/decision', ['label', 'favourable', 'scored', 'threshold']);
  for (const key of ['label', 'favourable', 'scored']) matches(decision?.[key], `/decision/${key}`, label, 'a label');
  share(decision?.['threshold'], '/decision/threshold');
  if (decision && decision['favourable'] !== undefined && decision['favourable'] === decision['scored'])
    fault('/decision/scored', 'must not be the favourable value: its probability decides against the applicant');

  const gateIds = new Set<unknown>();
  list(root['gates'], '/gates', 1, policyLimits.gates).forEach((value, index) => {
    const at = `/gates/${index}`;
    const gate = fields(value, at, ['id', 'measure', 'operator', 'threshold', 'reads'], ['attribute']);
    if (!gate) return;
    matches(gate['id'], `${at}/id`, slug, 'a short name');
    if (gateIds.has(gate['id'])) fault(`${at}/id`, 'must be unique');
    gateIds.add(gate['id']);
    matches(gate['measure'], `${at}/measure`, definition, 'name@profile');
    matches(gate['attribute'], `${at}/attribute`, label, 'a label');
    oneOf(gate['operator'], `${at}/operator`, ['>=', '<=']);
    oneOf(gate['reads'], `${at}/reads`, ['point', 'bound']);
    if (gate['threshold'] !== undefined && !Number.isFinite(gate['threshold']))
      fault(`${at}/threshold`, 'must be a number');
  });

  const byTier = root['tiers'] === undefined ? undefined : fields(root['tiers'], '/tiers', tiers);
  for (const tier of tiers) {
    const at = `/tiers/${tier}`;
    if (byTier?.[tier] === undefined) continue;
    const policy = fields(byTier[tier], at, ['stages', 'approvalValidDays']);
    if (!policy) continue;
    whole(policy['approvalValidDays'], `${at}/approvalValidDays`, 1, 3660);
    const earlier: unknown[] = [];
    list(policy['stages'], `${at}/stages`, 1, policyLimits.stages).forEach((value, index) => {
      stage(value, `${at}/stages/${index}`, earlier);
      earlier.push(isRecord(value) ? value['id'] : undefined);
    });
  }

  const override =
    root['override'] === undefined
      ? undefined
      : fields(root['override'], '/override', ['validMinutes', 'reviewHours', 'reviewRole', 'acr']);
  whole(override?.['validMinutes'], '/override/validMinutes', 1, 1440);
  whole(override?.['reviewHours'], '/override/reviewHours', 1, 720);
  oneOf(override?.['reviewRole'], '/override/reviewRole', signingRoles);
  acr(override?.['acr'], '/override/acr');
  return faults;

  function share(value: unknown, at: string): void {
    if (value !== undefined && !(typeof value === 'number' && value >= 0 && value <= 1))
      fault(at, 'must be a number from 0 to 1');
  }

  function stage(value: unknown, at: string, earlier: readonly unknown[]): void {
    const known = ['id', 'quorum', 'meaning', 'timeoutHours', 'acr', 'onConditionLapse'];
    const stage = fields(value, at, known, ['mayRepeatSignersOf']);
    if (!stage) return;
    matches(stage['id'], `${at}/id`, slug, 'a short name');
    if (earlier.includes(stage['id'])) fault(`${at}/id`, 'must be unique');
    oneOf(stage['meaning'], `${at}/meaning`, meanings);
    oneOf(stage['onConditionLapse'], `${at}/onConditionLapse`, ['suspend', 'escalate']);
    whole(stage['timeoutHours'], `${at}/timeoutHours`, 1, 8784);
    acr(stage['acr'], `${at}/acr`);
    list(stage['mayRepeatSignersOf'], `${at}/mayRepeatSignersOf`, 0, policyLimits.stages).forEach((name, index) => {
      if (!earlier.includes(name)) fault(`${at}/mayRepeatSignersOf/${index}`, 'must be an earlier stage');
    });
    const seen = new Set<unknown>();
    list(stage['quorum'], `${at}/quorum`, 1, policyLimits.rolesOfAStage).forEach((value, index) => {
      const part = fields(value, `${at}/quorum/${index}`, ['role', 'minimum']);
      if (!part) return;
      if (roles.includes(part['role'] as never) && !signingRoles.includes(part['role'] as never))
        fault(`${at}/quorum/${index}/role`, 'must be a role that can sign');
      else oneOf(part['role'], `${at}/quorum/${index}/role`, signingRoles);
      if (seen.has(part['role'])) fault(`${at}/quorum/${index}/role`, 'must be unique in its stage');
      seen.add(part['role']);
      whole(part['minimum'], `${at}/quorum/${index}/minimum`, 1, policyLimits.signersOfARole);
    });
  }
}
