import type { Section } from '../content.js';
import { integer, shortId, time } from '../format.js';
import type { Scribe } from '../scribe.js';
import { tableOrNone } from '../scribe.js';
import type { DossierEventOf } from '../source.js';

/** What was asked for and refused, with the numbers or the path of the refusal. */
export function refusals(scribe: Scribe): Section {
  return scribe.section('refusals', 'Refusals and why', () => [
    {
      kind: 'paragraph',
      cells: [
        scribe.label(
          'A refusal is recorded when somebody asked for something that a rule denied. Refusals are counted per actor, rule and minute: “times” is the number within that minute.',
        ),
      ],
    },
    tableOrNone(
      scribe,
      {
        kind: 'table',
        caption: 'Refusals about this version, oldest first',
        columns: [
          { title: 'At', share: 0.19 },
          { title: 'Who', share: 0.13 },
          { title: 'Asked for', share: 0.15 },
          { title: 'Refused by rule', share: 0.2 },
          { title: 'Times', share: 0.09, align: 'right' },
          { title: 'Why', share: 0.24 },
        ],
        rows: scribe.history
          .of('DenialCounted')
          .map((event) => [
            scribe.time(event, '/metadata/occurredAt'),
            scribe.person(event, '/data/actorId'),
            scribe.fact(event, '/data/action'),
            scribe.fact(event, '/data/rule', undefined, { tone: 'adverse' }),
            scribe.fact(event, '/data/count', (n: number) => integer(n)),
            Object.keys(event.data.details).length > 0
              ? scribe.fact(event, '/data/details', () => why(event, scribe))
              : scribe.gap('details of the refusal'),
          ]),
      },
      'refusal about this version',
    ),
  ]);
}

export function why({ data }: Pick<DossierEventOf<'DenialCounted'>, 'data'>, scribe: Scribe): string {
  // What decided comes first; the ids of what was asked about, which stand elsewhere too, come last.
  const late = (key: string) => (key.endsWith('Id') ? 1 : 0);
  return Object.keys(data.details)
    .sort((a, b) => late(a) - late(b) || (a < b ? -1 : 1))
    .map((key) => `${words(key)}: ${show(data.details[key], scribe)}`)
    .join('; ');
}

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

function show(value: unknown, scribe: Scribe): string {
  if (Array.isArray(value))
    return value.map((item) => show(item, scribe)).join(value.every((item) => typeof item === 'string') ? ' → ' : '; ');
  if (typeof value === 'object' && value !== null)
    return `(${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${words(key)}: ${show(item, scribe)}`)
      .join('; ')})`;
  if (typeof value === 'number') return Number.isInteger(value) ? integer(value) : value.toFixed(4);
  if (typeof value === 'string' && uuid.test(value))
    return scribe.input.people.has(value) ? scribe.nameOf(value) : shortId(value);
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? time(value) : step(String(value));
}

/** A step of a way through the lineage: what it is and the end of its id, or the beginning of its commit. */
function step(text: string): string {
  const [, kind, id] = /^([a-z][a-z-]*):([0-9a-f-]{36}|[0-9a-f]{40,64})$/.exec(text) ?? [];
  if (kind === undefined || id === undefined) return text;
  return `${kind} ${uuid.test(id) ? shortId(id) : id.slice(0, 10)}`;
}

const words = (key: string) => key.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
