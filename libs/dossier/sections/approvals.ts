import type { Block, Cell, Section } from '../content.js';
import { time } from '../format.js';
import { allOf, firstOf } from '../history.js';
import type { Scribe } from '../scribe.js';
import { tableOr } from '../scribe.js';
import type { DossierEvent, DossierEventOf } from '../source.js';

/** Requests, signatures with their manifestation, rejections, conditions, voidings: everything that was decided. */
export function approvals(scribe: Scribe): Section {
  return scribe.section('approvals', 'Approvals', () => {
    const requests = scribe.history
      .streams('approval')
      .map((events) => ({ events, requested: firstOf(events, 'ApprovalRequested') }))
      .filter(({ requested }) => requested?.data.modelVersionId === scribe.input.modelVersionId);
    if (requests.length === 0)
      return [{ kind: 'paragraph', cells: [scribe.gap('request for approval of this version')] }];
    return requests.flatMap(({ events, requested }, index) => request(scribe, events, requested!, index));
  });
}

function request(
  scribe: Scribe,
  events: readonly DossierEvent[],
  requested: DossierEventOf<'ApprovalRequested'>,
  index: number,
): Block[] {
  const { data } = requested;
  const signatures = [...allOf(events, 'ApprovalSigned'), ...allOf(events, 'ApprovalRejected')].sort((a, b) =>
    a.position < b.position ? -1 : 1,
  );
  return [
    { kind: 'heading', text: `Request ${index + 1} for ${data.environment}: ${outcome(events)}` },
    {
      kind: 'facts',
      rows: [
        { label: 'Approval id', cells: [scribe.fact(requested, '/data/approvalId', undefined, { code: true })] },
        { label: 'Outcome', cells: [outcomeCell(scribe, events, requested)] },
        {
          label: 'Requested by',
          cells: [scribe.person(requested, '/data/requesterId'), scribe.time(requested, '/metadata/occurredAt')],
        },
        {
          label: 'Cause',
          cells: [scribe.fact(requested, '/data/cause', undefined, { missing: 'cause of the request' })],
        },
        {
          label: 'Policy',
          cells: [
            scribe.fact(
              requested,
              '/data/policyVersion',
              (version: number) => `policy ${policyName(scribe, data.policyId)} version ${version}, tier ${data.tier}`,
            ),
          ],
        },
        {
          label: 'Stages required',
          cells: data.stages.map((stage, position) =>
            scribe.fact(
              requested,
              `/data/stages/${position}`,
              () =>
                `${stage.id}: ${stage.quorum.map(({ role, minimum }) => `${minimum} × ${role}`).join(' and ')}, meaning “${stage.meaning}”`,
            ),
          ),
        },
        { label: 'Open until', cells: [scribe.time(requested, '/data/expiresAt')] },
        {
          label: 'Evidence digest',
          cells: [scribe.fact(requested, '/data/evidenceDigest', undefined, { code: true })],
        },
      ],
    },
    {
      kind: 'table',
      caption: 'Evidence that the request pins: any later event in one of these streams voids the approval',
      columns: [
        { title: 'Evidence', share: 0.2 },
        { title: 'Stream', share: 0.4 },
        { title: 'Revision', share: 0.12, align: 'right' },
        { title: 'SHA-256 of the event at that revision', share: 0.28 },
      ],
      rows: data.pins.map((_, position) => [
        scribe.fact(requested, `/data/pins/${position}/kind`),
        scribe.fact(requested, `/data/pins/${position}/stream`, undefined, { code: true }),
        scribe.fact(requested, `/data/pins/${position}/revision`),
        scribe.fact(requested, `/data/pins/${position}/digest`, undefined, { code: true }),
      ]),
    },
    tableOr(
      scribe,
      {
        kind: 'table',
        caption: 'Excluded from signing, because they helped to make it',
        columns: [
          { title: 'Contributor', share: 0.34 },
          { title: 'Way from the model version to the act', share: 0.66 },
        ],
        rows: data.contributors.map((_, position) => [
          scribe.person(requested, `/data/contributors/${position}/identityId`),
          scribe.fact(requested, `/data/contributors/${position}/path`, (path: string[]) => path.join(' → ')),
        ]),
      },
      'contributors excluded from signing',
    ),
    ...(signatures.length === 0
      ? [{ kind: 'paragraph', cells: [scribe.gap('signature on this request')] } as const]
      : signatures.map((event) => signature(scribe, event))),
    ...abstentions(scribe, events),
    ...conditions(scribe, events),
    ...endings(scribe, events),
  ];
}

function policyName(scribe: Scribe, policyId: string): string {
  const published = scribe.history.of('PolicyPublished').find(({ data }) => data.policyId === policyId);
  return published ? `“${published.data.name}”` : policyId;
}

const endingTypes = [
  'ApprovalVoided',
  'ApprovalRevoked',
  'ApprovalExpired',
  'ApprovalWithdrawn',
  'ApprovalRejected',
  'ApprovalGranted',
] as const;

function outcome(events: readonly DossierEvent[]): string {
  for (const type of endingTypes) {
    const event = events.findLast((candidate) => candidate.type === type);
    if (event) return type.slice('Approval'.length).toLowerCase();
  }
  return 'open';
}

function outcomeCell(scribe: Scribe, events: readonly DossierEvent[], requested: DossierEvent): Cell {
  const cited = events.filter(({ type }) => (endingTypes as readonly string[]).includes(type));
  const word = outcome(events);
  if (cited.length === 0)
    return scribe.derived([requested], 'OPEN at the position of this dossier', { tone: 'attention' });
  return scribe.derived(
    cited,
    cited
      .map((event) => `${event.type.slice('Approval'.length).toUpperCase()} ${time(event.metadata.occurredAt)}`)
      .join(', then '),
    {
      tone: word === 'granted' ? 'favourable' : 'adverse',
    },
  );
}

/** 21 CFR 11.50: printed name, date and time, meaning; and over which digest, with which authentication. */
function signature(
  scribe: Scribe,
  event: DossierEventOf<'ApprovalSigned'> | DossierEventOf<'ApprovalRejected'>,
): Block {
  const rejected = event.type === 'ApprovalRejected';
  const { signature } = event.data;
  return {
    kind: 'signature',
    heading: `${rejected ? 'REJECTION' : 'Signature'}, stage ${event.data.stage}`,
    rows: [
      { label: 'Printed name', cells: [scribe.person(event, '/data/signature/signerId')] },
      { label: 'Signed at', cells: [scribe.time(event, '/data/signature/signedAt')] },
      {
        label: 'Meaning',
        cells: [
          scribe.fact(
            event,
            '/data/signature/meaning',
            (meaning: string) => (rejected ? `rejected (asked for: ${meaning})` : meaning),
            rejected ? { tone: 'adverse' } : {},
          ),
        ],
      },
      { label: 'Role', cells: [scribe.fact(event, '/data/signature/role')] },
      {
        label: 'On behalf of',
        cells: [
          signature.onBehalfOf
            ? scribe.person(event, '/data/signature/onBehalfOf')
            : scribe.derived([event], 'nobody: in the signer’s own role'),
        ],
      },
      {
        label: 'Over the digest',
        cells: [scribe.fact(event, '/data/signature/evidenceDigest', undefined, { code: true })],
      },
      {
        label: 'Re-authentication',
        cells: [
          scribe.time(event, '/data/signature/authentication/authenticatedAt'),
          scribe.fact(event, '/data/signature/authentication/acr', (acr: string) => `acr ${acr}`, {
            missing: 'strength of the re-authentication (acr)',
          }),
          ...(signature.authentication.amr
            ? [scribe.fact(event, '/data/signature/authentication/amr', (amr: string[]) => `amr ${amr.join(', ')}`)]
            : []),
        ],
      },
      {
        label: 'Nonce',
        cells: [scribe.fact(event, '/data/signature/authentication/nonce', undefined, { code: true })],
      },
      ...(rejected
        ? [{ label: 'Reason', cells: [scribe.disclosed(event, '/data/reason', 'reason of the rejection')] }]
        : [
            {
              label: 'Comment',
              cells: [
                'comment' in event.data && event.data.comment
                  ? scribe.disclosed(event, '/data/comment')
                  : scribe.derived([event], 'no comment was given'),
              ],
            },
            {
              label: 'Rule decision',
              cells: [
                scribe.fact(
                  event,
                  '/data/decision/result',
                  (result: string) =>
                    `${result} under policy version ${(event as DossierEventOf<'ApprovalSigned'>).data.decision.policyVersion}`,
                ),
              ],
            },
          ]),
    ],
  };
}

function abstentions(scribe: Scribe, events: readonly DossierEvent[]): Block[] {
  const rows = allOf(events, 'ApprovalAbstained').map((event) => [
    scribe.time(event, '/metadata/occurredAt'),
    scribe.fact(event, '/data/stage'),
    scribe.person(event, '/data/signerId'),
    scribe.disclosed(event, '/data/reason'),
  ]);
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          caption: 'Abstentions',
          columns: [
            { title: 'At', share: 0.22 },
            { title: 'Stage', share: 0.16 },
            { title: 'Who', share: 0.22 },
            { title: 'Reason', share: 0.4 },
          ],
          rows,
        },
      ];
}

function conditions(scribe: Scribe, events: readonly DossierEvent[]): Block[] {
  const rows = allOf(events, 'ApprovalConditionSet').map((event) => {
    const id = event.data.conditionId;
    const met = allOf(events, 'ApprovalConditionMet').find(({ data }) => data.conditionId === id);
    const lapsed = allOf(events, 'ApprovalConditionLapsed').find(({ data }) => data.conditionId === id);
    return [
      scribe.disclosed(event, '/data/text', 'text of the condition'),
      scribe.person(event, '/data/ownerId'),
      scribe.time(event, '/data/dueAt'),
      scribe.fact(event, '/data/onLapse'),
      met
        ? scribe.derived([met], `met ${time(met.metadata.occurredAt)}`, { tone: 'favourable' })
        : lapsed
          ? scribe.derived([lapsed], `LAPSED ${time(lapsed.metadata.occurredAt)}: ${lapsed.data.effect}`, {
              tone: 'adverse',
            })
          : scribe.gap('condition met or lapsed'),
    ];
  });
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          caption: 'Conditions',
          columns: [
            { title: 'Condition', share: 0.32 },
            { title: 'Owner', share: 0.18 },
            { title: 'Due', share: 0.18 },
            { title: 'On lapse', share: 0.12 },
            { title: 'State', share: 0.2 },
          ],
          rows,
        },
      ];
}

function endings(scribe: Scribe, events: readonly DossierEvent[]): Block[] {
  const rows: Cell[][] = [];
  for (const event of events) {
    const at = scribe.time(event, '/metadata/occurredAt');
    const actor = scribe.person(event, '/metadata/actor/id');
    if (event.type === 'ApprovalGranted')
      rows.push([
        at,
        scribe.derived([event], 'GRANTED', { tone: 'favourable' }),
        actor,
        scribe.fact(event, '/data/validUntil', (until: string) => `valid until ${time(until)}`),
      ]);
    if (event.type === 'ApprovalRevoked')
      rows.push([
        at,
        scribe.derived([event], 'REVOKED', { tone: 'adverse' }),
        scribe.person(event, '/data/revokerId'),
        scribe.disclosed(event, '/data/reason'),
      ]);
    if (event.type === 'ApprovalVoided')
      rows.push([
        at,
        scribe.derived([event], 'VOIDED', { tone: 'adverse' }),
        actor,
        scribe.fact(
          event,
          '/data/cause',
          (cause: string) =>
            `${cause} in ${(event.data as { stream: string }).stream}, by event ${(event.data as { eventId: string }).eventId}`,
        ),
      ]);
    if (event.type === 'ApprovalExpired')
      rows.push([
        at,
        scribe.derived([event], 'EXPIRED', { tone: 'attention' }),
        actor,
        scribe.fact(event, '/data/what', (what: string) => `the ${what} ran out of time`),
      ]);
    if (event.type === 'ApprovalExpiryWarned')
      rows.push([
        at,
        scribe.derived([event], 'ENDS SOON', { tone: 'attention' }),
        actor,
        scribe.fact(event, '/data/days', (days: number) => `warned ${days} days before its end`),
      ]);
    if (event.type === 'ApprovalWithdrawn')
      rows.push([
        at,
        scribe.derived([event], 'WITHDRAWN', { tone: 'attention' }),
        actor,
        scribe.disclosed(event, '/data/reason', 'reason of the withdrawal'),
      ]);
  }
  return rows.length === 0
    ? []
    : [
        {
          kind: 'table',
          caption: 'What became of it',
          columns: [
            { title: 'At', share: 0.22 },
            { title: 'What', share: 0.14 },
            { title: 'By', share: 0.22 },
            { title: 'Why, until when', share: 0.42 },
          ],
          rows,
        },
      ];
}
