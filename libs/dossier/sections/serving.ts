import type { Block, Cell, Section } from '../content.js';
import { basisPoints, count, duration, eventName, integer, time } from '../format.js';
import { allOf, firstOf } from '../history.js';
import type { Scribe } from '../scribe.js';
import { tableOr, tableOrNone } from '../scribe.js';
import { servingSpans, splitSpans } from '../serving-spans.js';
import type { DossierEvent } from '../source.js';
import { summaryOf, versionName } from '../summaries.js';

/** No inference server serves a version without one of these. */
export function permits(scribe: Scribe): Section {
  return scribe.section('permits', 'Permits to serve', () => {
    const streams = scribe.history.streams('permit').filter((events) => firstOf(events, 'PermitIssued'));
    return [
      tableOr(
        scribe,
        {
          kind: 'table',
          caption: 'Permits of this version and what became of them',
          columns: [
            { title: 'Issued', share: 0.18 },
            { title: 'Environment', share: 0.14 },
            { title: 'Basis', share: 0.12 },
            { title: 'Valid until', share: 0.18 },
            { title: 'Signing key', share: 0.16 },
            { title: 'Then', share: 0.22 },
          ],
          rows: streams.map((events) => {
            const issued = firstOf(events, 'PermitIssued')!;
            const later = events.filter(({ type }) => type !== 'PermitIssued');
            return [
              scribe.time(issued, '/data/permit/issuedAt'),
              scribe.fact(issued, '/data/permit/environment'),
              scribe.fact(
                issued,
                '/data/permit/basis/kind',
                undefined,
                issued.data.permit.basis.kind === 'override' ? { tone: 'attention' } : {},
              ),
              scribe.time(issued, '/data/permit/validUntil'),
              scribe.fact(issued, '/data/keyId', undefined, { code: true }),
              later.length > 0
                ? scribe.derived(
                    later,
                    later
                      .map(
                        (event) =>
                          `${event.type.slice('Permit'.length).toUpperCase()} ${time(event.metadata.occurredAt)}${'cause' in event.data ? ` (${event.data.cause})` : ''}`,
                      )
                      .join('; '),
                    { tone: 'adverse' },
                  )
                : scribe.derived([issued], 'no later event up to this position'),
            ];
          }),
        },
        'permit to serve',
      ),
    ];
  });
}

/** What served when: every change of traffic that this version had a share in. */
export function deployments(scribe: Scribe): Section {
  const { history, input } = scribe;
  return scribe.section('deployments', 'Deployments: what served when', () => {
    const spans = servingSpans(history, input);
    const blocks: Block[] = [
      tableOr(
        scribe,
        {
          kind: 'table',
          caption: 'Share of traffic of this version',
          columns: [
            { title: 'From', share: 0.2 },
            { title: 'Until', share: 0.2 },
            { title: 'Lasted', share: 0.14, align: 'right' },
            { title: 'Endpoint', share: 0.18 },
            { title: 'Environment', share: 0.14 },
            { title: 'Share', share: 0.14, align: 'right' },
          ],
          rows: spans.map(({ since, until, endpoint, environment, share, slot }) => [
            scribe.time(since, '/metadata/occurredAt'),
            until ? scribe.time(until, '/metadata/occurredAt') : scribe.derived([since], 'still so at this position'),
            scribe.derived(
              until ? [since, until] : [since],
              duration(
                (Date.parse(until?.metadata.occurredAt ?? input.asOfTime) - Date.parse(since.metadata.occurredAt)) /
                  1000,
              ),
            ),
            scribe.derived([since], endpoint),
            scribe.derived([since], environment),
            scribe.derived([since], share === 0 ? `0 %, ${slot}: no traffic` : `${basisPoints(share)}, ${slot}`),
          ]),
        },
        'deployment of this version',
      ),
    ];
    const chart = trafficChart(scribe);
    if (chart) blocks.push(chart);
    for (const events of history.streams('deployment')) {
      const started = firstOf(events, 'DeploymentStarted');
      if (!started) continue;
      blocks.push(
        { kind: 'heading', text: `Endpoint ${started.data.endpoint} in ${started.data.environment}` },
        {
          kind: 'facts',
          rows: [
            { label: 'Deployment id', cells: [scribe.fact(started, '/data/deploymentId', undefined, { code: true })] },
            { label: 'Strategy', cells: [scribe.fact(started, '/data/strategy')] },
            { label: 'Salt of the split', cells: [scribe.fact(started, '/data/salt', undefined, { code: true })] },
          ],
        },
        {
          kind: 'table',
          caption: 'Every event of the deployment',
          columns: [
            { title: 'At', share: 0.22 },
            { title: 'Event', share: 0.2 },
            { title: 'By', share: 0.18 },
            { title: 'Split after it, cause', share: 0.4 },
          ],
          rows: events.map((event) => [
            scribe.time(event, '/metadata/occurredAt'),
            scribe.derived(
              [event],
              eventName(event.type),
              event.type === 'DeploymentRolledBack' ? { tone: 'adverse' } : {},
            ),
            scribe.person(event, '/metadata/actor/id'),
            reasonOf(scribe, event),
          ]),
        },
      );
    }
    return blocks;
  });
}

function reasonOf(scribe: Scribe, event: DossierEvent): Cell {
  const summary = summaryOf(event, scribe);
  const reason = 'reason' in event.data ? scribe.disclosed(event, '/data/reason') : undefined;
  return scribe.derived([event], reason ? `${summary} Reason: ${reason.text}` : summary);
}

function trafficChart(scribe: Scribe): Block | undefined {
  const { history, input } = scribe;
  const spans = splitSpans(history);
  if (spans.length === 0) return undefined;
  const times = spans.flatMap(({ since, until }) => [
    since.metadata.occurredAt,
    until?.metadata.occurredAt ?? input.asOfTime,
  ]);
  const sorted = times.map((text) => Date.parse(text)).sort((a, b) => a - b);
  const from = new Date(sorted[0]!).toISOString();
  const to = new Date(sorted.at(-1)!).toISOString();
  const bands = new Map<string, { from: string; to: string; share: number }[]>();
  for (const span of spans)
    for (const arm of span.arms) {
      if (arm.weight === 0) continue;
      const label = `${span.endpoint}, ${span.environment}: ${versionName(arm.modelVersionId, scribe)}`;
      const list = bands.get(label) ?? [];
      list.push({
        from: span.since.metadata.occurredAt,
        to: span.until?.metadata.occurredAt ?? input.asOfTime,
        share: arm.weight / 10_000,
      });
      bands.set(label, list);
    }
  if (bands.size === 0) return undefined;
  return {
    kind: 'traffic',
    caption: 'Traffic over time, height of the bar = share',
    summary: [...bands]
      .map(
        ([label, list]) =>
          `${label}: ${list
            .slice(0, 20)
            .map(
              ({ from: start, to: end, share }) =>
                `${basisPoints(share * 10_000)} from ${time(start)} until ${time(end)}`,
            )
            .join(', ')}${list.length > 20 ? `, and ${list.length - 20} more` : ''}`,
      )
      .join('; '),
    from,
    to,
    bands: [...bands].map(([label, list]) => ({ label, spans: list })),
  };
}

const segmentRowLimit = 200;

/** Digests of what was scored; never a row of it. Beyond the limit, one line a day; the appendix lists every event. */
export function segments(scribe: Scribe): Section {
  const { history, input } = scribe;
  return scribe.section('segments', 'Prediction segments', () => {
    const sealed = history.of('PredictionSegmentSealed');
    const rowsOf = (event: (typeof sealed)[number]) => event.data.rows[input.modelVersionId] ?? 0;
    if (sealed.length <= segmentRowLimit)
      return [
        tableOr(
          scribe,
          {
            kind: 'table',
            caption: 'Scored batches, sealed by digest',
            columns: [
              { title: 'From', share: 0.22 },
              { title: 'To', share: 0.22 },
              { title: 'Rows scored by this version', share: 0.18, align: 'right' },
              { title: 'SHA-256 of the segment', share: 0.38 },
            ],
            rows: sealed.map((event) => [
              scribe.time(event, '/data/from'),
              scribe.time(event, '/data/to'),
              scribe.derived([event], integer(rowsOf(event))),
              scribe.fact(event, '/data/digest', undefined, { code: true }),
            ]),
          },
          'scored batch of this version',
        ),
      ];
    const days = new Map<string, (typeof sealed)[number][]>();
    for (const event of sealed) {
      const day = event.data.from.slice(0, 10);
      const list = days.get(day);
      if (list) list.push(event);
      else days.set(day, [event]);
    }
    return [
      {
        kind: 'table',
        caption: `Scored batches by day (${count(sealed.length, 'segment')}; each one stands in the event appendix)`,
        columns: [
          { title: 'Day', share: 0.2 },
          { title: 'Segments', share: 0.16, align: 'right' },
          { title: 'Rows scored by this version', share: 0.26, align: 'right' },
          { title: 'First and last batch', share: 0.38 },
        ],
        rows: [...days].map(([day, events]) => [
          scribe.derived(events, day),
          scribe.derived([events[0]!, events.at(-1)!], integer(events.length)),
          scribe.derived([events[0]!, events.at(-1)!], integer(events.reduce((sum, event) => sum + rowsOf(event), 0))),
          scribe.derived(
            [events[0]!, events.at(-1)!],
            `${time(events[0]!.data.from)} to ${time(events.at(-1)!.data.to)}`,
          ),
        ]),
      },
    ];
  });
}

export function incidents(scribe: Scribe): Section {
  return scribe.section('incidents', 'Incidents', () => [
    tableOrNone(
      scribe,
      {
        kind: 'table',
        caption: 'Incidents about this version',
        columns: [
          { title: 'Aware at', share: 0.2 },
          { title: 'Kind', share: 0.14 },
          { title: 'Opened by', share: 0.16 },
          { title: 'Description', share: 0.26 },
          { title: 'Closed', share: 0.24 },
        ],
        rows: scribe.history.streams('incident').flatMap((events) => {
          const opened = firstOf(events, 'IncidentOpened');
          if (!opened) return [];
          const closed = allOf(events, 'IncidentClosed').at(-1);
          const why = closed ? scribe.disclosed(closed, '/data/reason') : undefined;
          return [
            [
              scribe.time(opened, '/data/awareAt'),
              scribe.fact(opened, '/data/kind', undefined, { tone: 'attention' }),
              scribe.person(opened, '/metadata/actor/id'),
              opened.data.description
                ? scribe.disclosed(opened, '/data/description')
                : scribe.gap('description of the incident'),
              closed && why
                ? scribe.derived([closed], `${time(closed.metadata.occurredAt)}: ${why.text}`)
                : scribe.gap('closing of the incident'),
            ],
          ];
        }),
      },
      'incident about this version',
    ),
  ]);
}
