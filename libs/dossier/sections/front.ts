import type { Cell, Section } from '../content.js';
import {
  basisPoints,
  count,
  decimal,
  integer,
  interval,
  measureName,
  measurementValue,
  relation,
  time,
} from '../format.js';
import type { Scribe } from '../scribe.js';
import { servingSpans } from '../serving-spans.js';
import type { DossierEvent } from '../source.js';
import { dataName } from './data.js';
import { lastState } from './model.js';
import { why } from './refusals.js';

const shown = 6;

/** Eight questions, answered from the sections that follow; the missing answers are in plain sight. */
export function brief(scribe: Scribe, missing: number): Section {
  const { history, input } = scribe;
  return scribe.section('brief', 'In brief', () => {
    const rows: { label: string; cells: Cell[] }[] = [];
    const add = (label: string, cells: readonly Cell[], missing: string, absent: (text: string) => Cell = scribe.gap) =>
      rows.push({
        label,
        cells:
          cells.length === 0
            ? [absent(missing)]
            : cells.length > shown
              ? [...cells.slice(0, shown), scribe.label(`and ${cells.length - shown} more below`)]
              : [...cells],
      });
    const runs = history.of('TrainingRunStarted');
    const registered = history
      .of('ModelVersionRegistered')
      .filter(({ data }) => data.modelVersionId === input.modelVersionId);
    add('State', [lastState(scribe)], 'state of the version');
    add(
      'Which data?',
      [
        ...new Set(
          runs.length > 0
            ? runs.flatMap(({ data }) => data.datasetVersionIds)
            : registered.flatMap(({ data }) => data.datasetVersionIds),
        ),
      ].map((id) => {
        const sealed = history.of('DatasetVersionSealed').find(({ data }) => data.datasetVersionId === id);
        return sealed
          ? scribe.fact(
              sealed,
              '/data/content/digest',
              (digest: string) =>
                `${dataName(scribe, id)}, ${integer(sealed.data.rows)} rows, SHA-256 ${digest.slice(0, 16)}…`,
            )
          : scribe.gap(`seal of data set version ${id}`);
      }),
      'training data',
    );
    const coded: readonly DossierEvent[] = runs.length > 0 ? runs : registered.filter(({ data }) => data.code);
    add(
      'Which code?',
      coded.map((event) =>
        scribe.fact(
          event,
          '/data/code/commit',
          (commit: string) => `${(event.data as { code: { repository: string } }).code.repository} at ${commit}`,
        ),
      ),
      'code',
    );
    add(
      'Who trained?',
      runs.map((event) =>
        scribe.fact(
          event,
          '/metadata/actor/id',
          (id: string) => `${scribe.nameOf(id)}, ${time(event.metadata.occurredAt)}`,
        ),
      ),
      'who trained this version',
    );
    add(
      'Who signed, when?',
      history
        .of('ApprovalSigned')
        .map((event) =>
          scribe.fact(
            event,
            '/data/signature/signerId',
            (id: string) =>
              `${scribe.nameOf(id)} as ${event.data.signature.role}, meaning “${event.data.signature.meaning}”, ${time(event.data.signature.signedAt)}`,
          ),
        ),
      'signature',
    );
    add(
      'Voided, revoked, rejected?',
      history.events
        .filter(
          ({ type }) =>
            type === 'ApprovalVoided' ||
            type === 'ApprovalRevoked' ||
            type === 'ApprovalRejected' ||
            type === 'ApprovalExpired',
        )
        .map((event) =>
          scribe.derived(
            [event],
            `${event.type.slice('Approval'.length).toUpperCase()} ${time(event.metadata.occurredAt)}${'cause' in event.data ? `: ${event.data.cause}` : ''}`,
            { tone: 'adverse' },
          ),
        ),
      'voiding, revocation, rejection or expiry of an approval',
      scribe.none,
    );
    add(
      'What was refused, why?',
      history.of('DenialCounted').map((event) =>
        scribe.fact(
          event,
          '/data/rule',
          (rule: string) => {
            const reason = why(event, scribe);
            return `${event.data.action} by ${scribe.nameOf(event.data.actorId)}: ${rule}${reason ? ` (${reason.length > 240 ? `${reason.slice(0, 240)}…` : reason})` : ''}`;
          },
          { tone: 'adverse' },
        ),
      ),
      'refusal about this version',
      scribe.none,
    );
    add(
      'Overrides?',
      history.of('OverrideUsed').map((event) => {
        const reviewed = history.of('OverrideReviewed').find(({ stream }) => stream === event.stream);
        return scribe.derived(
          reviewed ? [event, reviewed] : [event],
          `${scribe.nameOf(event.data.operatorId)}, ${time(event.metadata.occurredAt)}; review: ${reviewed ? `${reviewed.data.verdict} by ${scribe.nameOf(reviewed.data.reviewerId)}` : 'no evidence recorded'}`,
          { tone: 'attention' },
        );
      }),
      'emergency override',
      scribe.none,
    );
    add(
      'Fairness and other gates, with which doubt?',
      history.of('GateDecided').map((event) => {
        const { measurement, gateId, verdict, operator, threshold } = event.data;
        const doubt = interval(measurement);
        return scribe.fact(
          event,
          '/data/verdict',
          () =>
            `${gateId}: ${verdict.toUpperCase()}. ${measureName(measurement.definition)} ${measurementValue(measurement)}, ${doubt ? `interval ${doubt}` : 'no interval recorded'}, n ${integer(measurement.n)}, required ${relation[operator]} ${decimal(threshold)}`,
          { tone: verdict === 'pass' ? 'favourable' : verdict === 'fail' ? 'adverse' : 'attention' },
        );
      }),
      'gate decision',
    );
    add(
      'What served, when?',
      servingSpans(history, input)
        .filter(({ share }) => share > 0)
        .map(({ since, until, endpoint, environment, share }) =>
          scribe.derived(
            until ? [since, until] : [since],
            `${endpoint} (${environment}), ${basisPoints(share)} from ${time(since.metadata.occurredAt)} ${until ? `until ${time(until.metadata.occurredAt)}` : 'and still so at this position'}`,
          ),
        ),
      'traffic served by this version',
    );
    rows.push({
      label: 'What is missing?',
      cells: [
        scribe.label(
          missing === 0
            ? 'Every kind of evidence that this form looks for is recorded.'
            : `${count(missing, 'place')} where no evidence is recorded: see the section “Gaps”.`,
        ),
      ],
    });
    if (input.unreadable.length > 0)
      rows.push({
        label: 'What cannot be read?',
        cells: [
          scribe.label(
            `${count(input.unreadable.length, 'event')} of the record: what they say is not in this dossier, and what it says may be outdated by them. See the section “Events that cannot be read”.`,
          ),
        ],
      });
    return [{ kind: 'facts', rows }];
  });
}

/** What this document is, and what it is not. Fixed sentences. */
export function cover(scribe: Scribe): Section {
  const { input } = scribe;
  return scribe.section('cover', 'About this dossier', () => [
    {
      kind: 'paragraph',
      cells: [
        scribe.label(
          `This dossier lists what the event record holds about one model version up to position ${input.asOf} of the record. It is generated: every sentence is a fixed template, every value is copied or counted from events, and every fact names the event that it comes from. The same position gives the same bytes.`,
        ),
      ],
    },
    {
      kind: 'paragraph',
      cells: [
        scribe.label(
          'It is not an assessment, an opinion or a certificate, and it draws no conclusion about any law. Failed checks, rejections, refusals and missing evidence are printed as plainly as successes. Where evidence was looked for and none is recorded, it says “no evidence recorded”.',
        ),
      ],
    },
    {
      kind: 'paragraph',
      cells: [
        scribe.label(
          'Names, reasons and comments are not part of the events: events hold salted digests. They were joined when this dossier was built and are shown as erased where they have been erased.',
        ),
      ],
    },
  ]);
}

/** All gaps of all sections, and the kinds of evidence that this release does not record at all. */
export function gaps(scribe: Scribe): Section {
  const unrecorded = [
    'monitoring plan, drift and performance measurements in service',
    'human oversight of single decisions',
    'notices to persons decided about',
    'retention, legal holds and erasures of content',
    'attacks and robustness against tampering, unless an evaluation above names them',
  ];
  const found = scribe.gaps();
  return scribe.section('gaps', 'Gaps: no evidence recorded', () => [
    {
      kind: 'paragraph',
      cells: [
        scribe.label(
          'Places of this dossier where evidence was looked for and none is recorded. That none is recorded does not say that a thing did not happen.',
        ),
      ],
    },
    {
      kind: 'table',
      caption: `Gaps (${found.length + unrecorded.length})`,
      columns: [
        { title: 'Section', share: 0.34 },
        { title: 'What is missing', share: 0.66 },
      ],
      rows: [
        ...found.map(({ sectionTitle, text }): Cell[] => [scribe.label(sectionTitle), { kind: 'gap', text }]),
        ...unrecorded.map((text): Cell[] => [scribe.label('Not in the catalogue of events'), { kind: 'gap', text }]),
      ],
    },
  ]);
}

export function verification(scribe: Scribe): Section {
  return scribe.section('verification', 'How to verify', () => [
    {
      kind: 'paragraph',
      cells: [
        scribe.label(
          'Beside this PDF lies a JSON twin. It holds every fact with its event, the stored bytes of every cited event, the SHA-256 of this PDF, and one Ed25519 signature. The digest in the footer of each page is the SHA-256 of the twin’s content, so that page and twin can be matched by eye.',
        ),
      ],
    },
    {
      kind: 'facts',
      rows: [
        { label: 'Command', cells: [scribe.label('npm exec assay -- verify TWIN.json --key KEY --pdf DOSSIER.pdf')] },
        {
          label: 'Signed bytes',
          cells: [
            scribe.label('“assay-dossier-v1”, line feed, then the canonical JSON (RFC 8785) of the twin’s “statement”'),
          ],
        },
        {
          label: 'Event digest',
          cells: [scribe.label('SHA-256 over the stored data bytes, one zero byte, the stored metadata bytes')],
        },
        {
          label: 'Checked offline',
          cells: [
            scribe.label(
              'signature and key; schema; digest of the content; digest of every event; that every fact cites an event; that every quoted value stands at its place in the stored bytes; salted texts; SHA-256 of the PDF',
            ),
          ],
        },
        {
          label: 'Not shown by it',
          cells: [
            scribe.label(
              'That nothing was left out of the record itself: this build keeps no transparency log to compare it with.',
            ),
          ],
        },
      ],
    },
    {
      kind: 'table',
      caption: 'Identities named in this dossier',
      columns: [
        { title: 'Identity id', share: 0.5 },
        { title: 'Printed as', share: 0.5 },
      ],
      rows: [...scribe.named].sort().map((id): Cell[] => [scribe.label(id), scribe.label(scribe.nameOf(id))]),
    },
  ]);
}
