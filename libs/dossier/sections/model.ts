import type { Block, Cell, Section } from '../content.js';
import { basisPoints, count, integer } from '../format.js';
import type { Scribe } from '../scribe.js';
import { tableOr } from '../scribe.js';
import { servingSpans } from '../serving-spans.js';
import { versionName } from '../summaries.js';

/** Who the model version is: the row that an inventory would hold. */
export function inventory(scribe: Scribe): Section {
  const { history, input } = scribe;
  return scribe.section('inventory', 'Inventory card', () => {
    const registered = history
      .of('ModelVersionRegistered')
      .find(({ data }) => data.modelVersionId === input.modelVersionId);
    const model = history.of('ModelRegistered')[0];
    const rows: { label: string; cells: Cell[] }[] = [];
    const add = (label: string, ...cells: Cell[]) => rows.push({ label, cells });
    if (model) {
      add('Model', scribe.fact(model, '/data/name'));
      add('Model id', scribe.fact(model, '/data/modelId', undefined, { code: true }));
      add('Owner', scribe.person(model, '/data/ownerId'));
      add('Intended use', scribe.fact(model, '/data/intendedUse', undefined, { missing: 'intended use' }));
      add('Prohibited uses', scribe.fact(model, '/data/prohibitedUses', undefined, { missing: 'prohibited uses' }));
      add('Jurisdictions', scribe.fact(model, '/data/jurisdictions', undefined, { missing: 'jurisdictions' }));
      add(
        'Description',
        'description' in model.data
          ? scribe.disclosed(model, '/data/description')
          : scribe.gap('description of the model'),
      );
    } else add('Model', scribe.gap('registration of the model'));
    if (registered) {
      add(
        'Version',
        scribe.fact(registered, '/data/number', (number: number) => `Version ${number}`),
      );
      add('Version id', scribe.fact(registered, '/data/modelVersionId', undefined, { code: true }));
      add(
        'Registered by',
        scribe.person(registered, '/metadata/actor/id'),
        scribe.time(registered, '/metadata/occurredAt'),
      );
      add('Evidence grade', scribe.fact(registered, '/data/grade'));
      add('Model file, SHA-256', scribe.fact(registered, '/data/artifact/digest', undefined, { code: true }));
      add(
        'Model file',
        scribe.fact(registered, '/data/artifact/mediaType'),
        scribe.fact(registered, '/data/artifact/bytes', (size: number) => `${integer(size)} bytes`),
      );
      add(
        'Inputs',
        scribe.fact(
          registered,
          '/data/features',
          (names: string[]) => `${count(names.length, 'column')}: ${names.join(', ')}`,
          { missing: 'input columns' },
        ),
      );
    } else add('Version', scribe.gap('registration of the model version'));
    const tier = history.of('RiskTierSet').at(-1);
    add(
      'Risk tier',
      tier ? scribe.fact(tier, '/data/tier', (text: string) => text.toUpperCase()) : scribe.gap('risk tier'),
    );
    const aliases = history.of('ModelAliasMoved').filter(({ data }) => data.modelVersionId === input.modelVersionId);
    if (aliases.length > 0) add('Aliases given', ...aliases.map((event) => scribe.fact(event, '/data/alias')));
    add('Last recorded state', lastState(scribe));
    return [{ kind: 'facts', rows }];
  });
}

/** The last thing recorded about the version that changes whether it may serve. */
export function lastState(scribe: Scribe): Cell {
  const { history, input } = scribe;
  const retired = history.of('ModelVersionRetired').find(({ data }) => data.modelVersionId === input.modelVersionId);
  if (retired) return scribe.derived([retired], 'Retired');
  const serving = servingSpans(history, input).filter(({ until, share }) => until === undefined && share > 0);
  if (serving.length > 0)
    return scribe.derived(
      serving.map(({ since }) => since),
      `Serving: ${serving.map(({ endpoint, environment, share }) => `${endpoint} in ${environment}, ${basisPoints(share)} of traffic`).join('; ')}`,
    );
  const decisions = history.events.filter(
    ({ type }) =>
      type === 'ApprovalGranted' ||
      type === 'ApprovalVoided' ||
      type === 'ApprovalRevoked' ||
      type === 'ApprovalRejected' ||
      type === 'ApprovalRequested' ||
      type === 'OverrideUsed',
  );
  const last = decisions.at(-1);
  if (last)
    return scribe.derived(
      [last],
      {
        ApprovalGranted: 'Approval granted, not serving',
        ApprovalVoided: 'Approval voided, not serving',
        ApprovalRevoked: 'Approval revoked, not serving',
        ApprovalRejected: 'Approval rejected, not serving',
        ApprovalRequested: 'Approval requested, not serving',
        OverrideUsed: 'Emergency override used, not serving',
      }[last.type as 'ApprovalGranted'],
    );
  const registered = history
    .of('ModelVersionRegistered')
    .find(({ data }) => data.modelVersionId === input.modelVersionId);
  return registered
    ? scribe.derived([registered], 'Registered; no approval requested and never served')
    : scribe.gap('state of the version');
}

export function retirement(scribe: Scribe): Section {
  const { history, input } = scribe;
  return scribe.section('retirement', 'Retirement', () => {
    const retired = history
      .of('ModelVersionRetired')
      .filter(({ data }) => data.modelVersionId === input.modelVersionId);
    return retired.length === 0
      ? [{ kind: 'paragraph', cells: [scribe.none('retirement of this version')] }]
      : retired.map((event): Block => ({
          kind: 'facts',
          rows: [
            { label: 'Retired at', cells: [scribe.time(event, '/metadata/occurredAt')] },
            { label: 'By', cells: [scribe.person(event, '/metadata/actor/id')] },
            { label: 'Reason', cells: [scribe.disclosed(event, '/data/reason', 'reason of the retirement')] },
            {
              label: 'Successor',
              cells: [
                scribe.fact(event, '/data/successorId', (id: string) => `${versionName(id, scribe)}, ${id}`, {
                  missing: 'successor',
                }),
              ],
            },
          ],
        }));
  });
}

/** Risk tier with its inputs: computed by a versioned function, never typed. */
export function risk(scribe: Scribe): Section {
  return scribe.section('risk', 'Risk tier', () => [
    tableOr(
      scribe,
      {
        kind: 'table',
        caption: 'Risk tiers set, oldest first',
        columns: [
          { title: 'Set at', share: 0.2 },
          { title: 'Tier', share: 0.1 },
          { title: 'Function', share: 0.22 },
          { title: 'Bias potential', share: 0.14, align: 'right' },
          { title: 'Performance variability', share: 0.16, align: 'right' },
          { title: 'Evaluations read', share: 0.18 },
        ],
        rows: scribe.history.of('RiskTierSet').map((event) => [
          scribe.time(event, '/metadata/occurredAt'),
          scribe.fact(event, '/data/tier', (tier: string) => tier.toUpperCase()),
          scribe.fact(event, '/data/function'),
          scribe.fact(event, '/data/inputs/biasPotential', (value: number) => value.toFixed(4), {
            missing: 'bias potential',
          }),
          scribe.fact(event, '/data/inputs/performanceVariability', (value: number) => value.toFixed(4), {
            missing: 'performance variability',
          }),
          scribe.fact(event, '/data/evaluationIds', (ids: string[]) => count(ids.length, 'evaluation'), {
            missing: 'evaluations behind the tier',
          }),
        ]),
      },
      'risk assessment',
    ),
  ]);
}
