import type { Block, Cell, Section } from '../content.js';
import { count, duration, eventName, integer, relation, time } from '../format.js';
import type { Scribe } from '../scribe.js';
import { tableOr, tableOrNone } from '../scribe.js';
import type { DossierEvent } from '../source.js';
import { summaryOf } from '../summaries.js';

/** A run of more than this many events of one type is one line of the timeline; each stands in the appendix. */
const runLimit = 12;

const columns = [
  { title: 'Recorded', share: 0.27 },
  { title: 'Event', share: 0.19 },
  { title: 'Actor', share: 0.16 },
  { title: 'What it says', share: 0.38 },
] as const;

export function timeline(scribe: Scribe): Section {
  return scribe.section('timeline', 'Timeline', () => [
    tableOr(
      scribe,
      {
        kind: 'table',
        caption: `Every event in the order of the record (${count(scribe.history.events.length, 'event')}; longer runs of one type are one line)`,
        columns,
        rows: runs(scribe.history.events).map((run) => timelineRow(scribe, run)),
      },
      'event about this version',
    ),
  ]);
}

function runs(events: readonly DossierEvent[]): DossierEvent[][] {
  const groups: DossierEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last && last[0]!.type === event.type) last.push(event);
    else groups.push([event]);
  }
  return groups.flatMap((group) => (group.length > runLimit ? [group] : group.map((event) => [event])));
}

function timelineRow(scribe: Scribe, run: readonly DossierEvent[]): Cell[] {
  const first = run[0]!;
  const last = run.at(-1)!;
  if (run.length === 1)
    return [
      scribe.recordedAt(first),
      scribe.derived([first], eventName(first.type)),
      scribe.person(first, '/metadata/actor/id'),
      scribe.derived([first], summaryOf(first, scribe)),
    ];
  const actors = [...new Set(run.map(({ metadata }) => metadata.actor.id))];
  return [
    scribe.derived([first, last], `${time(first.recordedAt)} to ${time(last.recordedAt)}`),
    scribe.derived(run, `${eventName(first.type)} × ${integer(run.length)}`),
    scribe.derived(
      [first, last],
      actors.length <= 3 ? actors.map((actor) => scribe.nameOf(actor)).join(', ') : count(actors.length, 'actor'),
    ),
    scribe.derived([first, last], `First: ${summaryOf(first, scribe)} Last: ${summaryOf(last, scribe)}`),
  ];
}

/** Contemporaneous or not: what reached the record long after it happened. */
export function lateEntries(scribe: Scribe): Section {
  const { input, history } = scribe;
  return scribe.section('late', 'Late entries', () => {
    const delay = (event: DossierEvent) =>
      (Date.parse(event.recordedAt) - Date.parse(event.metadata.occurredAt)) / 1000;
    const late = history.events.filter((event) => Math.abs(delay(event)) > input.lateEntryLimitSeconds);
    const intro: Block = {
      kind: 'paragraph',
      cells: [
        scribe.label(
          `An entry is listed here when the time of recording and the stated time of occurrence differ by more than ${duration(input.lateEntryLimitSeconds)} (hh:mm:ss). A negative delay means that the stated time lies after the recording.`,
        ),
      ],
    };
    if (late.length === 0)
      return [
        intro,
        {
          kind: 'paragraph',
          cells: [scribe.label(`No such entry among the ${count(history.events.length, 'event')} of this dossier.`)],
        },
      ];
    return [
      intro,
      {
        kind: 'table',
        caption: 'Entries recorded late',
        columns: [
          { title: 'Occurred, as stated', share: 0.24 },
          { title: 'Recorded', share: 0.24 },
          { title: 'Delay', share: 0.17, align: 'right' },
          { title: 'Event', share: 0.35 },
        ],
        rows: late.map((event) => [
          scribe.time(event, '/metadata/occurredAt'),
          scribe.recordedAt(event),
          scribe.derived([event], duration(delay(event)), { tone: 'attention' }),
          scribe.derived([event], eventName(event.type)),
        ]),
      },
    ];
  });
}

/** Who asked for this evidence and who read it: access to evidence is evidence (rule 26). */
export function access(scribe: Scribe): Section {
  const types = new Set<string>(['ExportRequested', 'ExportBuilt', 'ExportFailed', 'EvidenceAccessed']);
  return scribe.section('access', 'Exports and access to the evidence', () => [
    tableOrNone(
      scribe,
      {
        kind: 'table',
        caption: 'Exports of this version up to the position of this dossier',
        columns,
        rows: scribe.history.events.filter(({ type }) => types.has(type)).map((event) => timelineRow(scribe, [event])),
      },
      'earlier export of this version, or reading of one',
    ),
  ]);
}

/** Whom the record names, in which roles, and which policy versions were in force. */
export function rights(scribe: Scribe): Section {
  const { history } = scribe;
  return scribe.section('rights', 'Roles and policies', () => [
    tableOr(
      scribe,
      {
        kind: 'table',
        caption: 'Roles granted and delegated to those who signed or acted',
        columns: [
          { title: 'Who', share: 0.2 },
          { title: 'Role', share: 0.22 },
          { title: 'From', share: 0.18 },
          { title: 'Until', share: 0.2 },
          { title: 'Given by', share: 0.2 },
        ],
        rows: history.streams('accessGrant').flatMap((events) =>
          events.slice(0, 1).flatMap((event) => {
            if (event.type !== 'AccessGranted' && event.type !== 'DelegationGranted') return [];
            const delegated = event.type === 'DelegationGranted';
            const ended = events.find(
              ({ type }) => type === 'AccessRevoked' || type === 'AccessExpired' || type === 'DelegationEnded',
            );
            return [
              [
                scribe.person(event, delegated ? '/data/delegateId' : '/data/subjectId'),
                scribe.fact(event, '/data/role'),
                scribe.time(event, '/data/validFrom'),
                ended
                  ? scribe.derived([ended], `${eventName(ended.type)} ${time(ended.metadata.occurredAt)}`, {
                      tone: 'attention',
                    })
                  : 'validUntil' in event.data && event.data.validUntil
                    ? scribe.time(event, '/data/validUntil')
                    : scribe.label('no end set'),
                scribe.person(event, delegated ? '/data/delegatorId' : '/metadata/actor/id'),
              ],
            ];
          }),
        ),
      },
      'grants of the signers',
    ),
    tableOr(
      scribe,
      {
        kind: 'table',
        caption: 'Policy versions named by this record',
        columns: [
          { title: 'Published', share: 0.22 },
          { title: 'Policy', share: 0.2 },
          { title: 'Version', share: 0.1, align: 'right' },
          { title: 'Gates', share: 0.26 },
          { title: 'SHA-256 of the document', share: 0.22 },
        ],
        rows: history
          .of('PolicyPublished')
          .map((event) => [
            scribe.time(event, '/metadata/occurredAt'),
            scribe.fact(event, '/data/name'),
            scribe.fact(event, '/data/version'),
            scribe.fact(
              event,
              '/data/document/gates',
              () =>
                event.data.document.gates
                  .map(
                    ({ id, measure, attribute, operator, threshold }) =>
                      `${id}: ${measure}${attribute ? ` by ${attribute}` : ''} ${relation[operator]} ${threshold}`,
                  )
                  .join('; '),
              { missing: 'gates of the policy' },
            ),
            scribe.fact(event, '/data/digest', undefined, { code: true }),
          ]),
      },
      'policy version',
    ),
  ]);
}
