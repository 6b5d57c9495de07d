import { roles, signingRoles } from '#libs/lifecycle';
import * as c from './checks.js';

const days = c.integer(1, 3650);
const stage = c.shape({
  id: c.slug,
  quorum: c.list(c.shape({ role: c.oneOf(...signingRoles), minimum: c.integer(1, 20) }), 10, 1),
  meaning: c.oneOf('authored', 'reviewed', 'validated', 'approved', 'accepted-risk', 'released'),
  timeoutHours: c.integer(1, 24 * 365),
  acr: c.distinct(c.token, 20),
  mayRepeatSignersOf: c.optional(c.distinct(c.slug, 20)),
  onConditionLapse: c.oneOf('suspend', 'escalate'),
});
const tier = c.shape({ stages: c.list(stage, 20, 1), approvalValidDays: days });
const gate = c.shape({
  id: c.slug,
  measure: c.definition,
  attribute: c.optional(c.label),
  operator: c.oneOf('>=', '<='),
  threshold: c.number(),
  reads: c.oneOf('point', 'bound'),
});
const document = c.shape({
  decision: c.shape({ label: c.label, favourable: c.label, scored: c.label, threshold: c.number(0, 1) }),
  gates: c.list(gate, 50),
  riskFunction: c.definition,
  tiers: c.shape({ low: tier, medium: tier, high: tier }),
  evidenceValidDays: days,
  override: c.shape({
    validMinutes: c.integer(1, 24 * 60),
    reviewHours: c.integer(1, 24 * 31),
    reviewRole: c.oneOf(...roles),
    acr: c.distinct(c.token, 20),
  }),
  minimumGroupSize: c.integer(1, 1_000_000_000),
});

/** A policy as published: its shape, and no id that stands for two gates or two stages. */
export const policyDocument: c.Check = (value, field, issues) => {
  const before = issues.length;
  document(value, field, issues);
  if (issues.length > before) return;
  const { gates, tiers } = value as {
    gates: readonly { id: string }[];
    tiers: Readonly<Record<string, { stages: readonly { id: string; mayRepeatSignersOf?: readonly string[] }[] }>>;
  };
  if (new Set(gates.map(({ id }) => id)).size !== gates.length)
    issues.push({ field: `${field}.gates`, rule: 'no id twice' });
  for (const [name, { stages }] of Object.entries(tiers)) {
    const ids = stages.map(({ id }) => id);
    if (new Set(ids).size !== ids.length) issues.push({ field: `${field}.tiers.${name}.stages`, rule: 'no id twice' });
    stages.forEach(({ mayRepeatSignersOf }, index) => {
      if (mayRepeatSignersOf?.some((id) => !ids.slice(0, index).includes(id)))
        issues.push({
          field: `${field}.tiers.${name}.stages[${index}].mayRepeatSignersOf`,
          rule: 'earlier stages only',
        });
    });
  }
};
