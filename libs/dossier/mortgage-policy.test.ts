import type { PolicyDocument, StagePolicy } from '../lifecycle/policy/document.js';
import type { Column } from '../lifecycle/values.js';

/** Policy and columns of the made-up mortgage model. */

const stage = (
  id: string,
  role: 'validator' | 'risk-officer',
  meaning: 'validated' | 'accepted-risk',
): StagePolicy => ({
  id,
  quorum: [{ role, minimum: 1 }],
  meaning,
  timeoutHours: 48,
  onConditionLapse: 'suspend',
  acr: ['urn:assay:acr:strong'],
});
export const stages = [stage('validation', 'validator', 'validated'), stage('risk', 'risk-officer', 'accepted-risk')];

export const policy: PolicyDocument = {
  decision: { label: 'deny', favourable: 'no', scored: 'yes', threshold: 0.3 },
  gates: [
    {
      id: 'four-fifths',
      measure: 'disparate_impact@assay',
      attribute: 'afam',
      operator: '>=',
      threshold: 0.8,
      reads: 'point',
    },
    { id: 'accuracy', measure: 'accuracy_score@scikit-learn', operator: '>=', threshold: 0.7, reads: 'point' },
  ],
  riskFunction: 'bias-and-variability@1',
  tiers: {
    low: { stages: stages.slice(0, 1), approvalValidDays: 365 },
    medium: { stages, approvalValidDays: 180 },
    high: { stages, approvalValidDays: 90 },
  },
  evidenceValidDays: 90,
  override: { validMinutes: 60, reviewHours: 72, reviewRole: 'risk-officer', acr: ['urn:assay:acr:strong'] },
  minimumGroupSize: 30,
};

export const names = [
  'dir',
  'hir',
  'lvr',
  'ccs',
  'mcs',
  'pbcr',
  'dmi',
  'self',
  'single',
  'uria',
  'comdominiom',
  'afam',
  'deny',
];
export const columns: Column[] = names.map((name) => ({
  name,
  type: ['pbcr', 'dmi', 'self', 'single', 'afam', 'deny'].includes(name) ? 'string' : 'number',
  nulls: name === 'single' ? 1 : 0,
  ...(name === 'deny'
    ? { role: 'label' as const }
    : name === 'afam'
      ? { role: 'protected' as const }
      : { role: 'feature' as const }),
}));
