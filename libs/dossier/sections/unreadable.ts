import type { Cell, Section } from '../content.js';
import { time } from '../format.js';
import type { Scribe } from '../scribe.js';
import type { DossierEventOf } from '../source.js';

type Release = DossierEventOf<'PartitionSkipped'> | DossierEventOf<'PartitionRetried'>;

/** Events of the record that this build cannot read: a gap each, with what was decided about it. None: no section. */
export function unreadable(scribe: Scribe): readonly Section[] {
  const { history, input } = scribe;
  if (input.unreadable.length === 0) return [];
  const releases: readonly Release[] = [...history.of('PartitionSkipped'), ...history.of('PartitionRetried')];
  const decided = (id: string): readonly Cell[] => {
    const last = releases
      .filter(({ data }) => data.eventId === id)
      .reduce<Release | undefined>(
        (newest, one) => (newest && newest.position > one.position ? newest : one),
        undefined,
      );
    if (last?.type !== 'PartitionSkipped') return [scribe.none('decision to pass it by'), scribe.label('–')];
    const words = `passed by, by decision of ${time(last.metadata.occurredAt)}`;
    return [scribe.derived([last], words, { tone: 'attention' }), scribe.disclosed(last, '/data/reason')];
  };
  const section = scribe.section('unreadable', 'Events that cannot be read', () => [
    {
      kind: 'paragraph',
      cells: [
        scribe.label(
          'These events lie in the streams that this dossier is made of, and the build that made it cannot read them. No statement of this dossier rests on them, and any statement of it may be outdated by what they say. Whoever has the event store can compare its bytes with the SHA-256 given here.',
        ),
      ],
    },
    {
      kind: 'table',
      caption: `Events that cannot be read (${input.unreadable.length})`,
      columns: [
        { title: 'Event', share: 0.56 },
        { title: 'Recorded decision', share: 0.22 },
        { title: 'Reason', share: 0.22 },
      ],
      rows: input.unreadable.map((event): Cell[] => [
        scribe.gap(
          `${visible(event.type)} ${event.id}, ${event.stream} revision ${event.revision}, position ${event.position}, recorded ${time(event.recordedAt)}, SHA-256 ${event.digest}: ${visible(event.error)}${event.isPlaced ? '' : '; whether it is about this version cannot be told'}`,
        ),
        ...decided(event.id),
      ]),
    },
  ]);
  return [section];
}

/** A name that nobody has checked, as it may be printed. */
const visible = (text: string): string => text.toWellFormed().replaceAll(/[^\x20-\x7e]/g, '?');
