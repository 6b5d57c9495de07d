import type { Block, Cell, Section } from '../content.js';
import { time } from '../format.js';
import { allOf } from '../history.js';
import type { Scribe } from '../scribe.js';

/** Emergency overrides are never approvals; each has its own review (rule 18). */
export function overrides(scribe: Scribe): Section {
  const { history } = scribe;
  return scribe.section('overrides', 'Emergency overrides and their reviews', () => {
    const used = history.of('OverrideUsed');
    if (used.length === 0)
      return [
        {
          kind: 'paragraph',
          cells: [scribe.none('emergency override')],
        },
      ];
    return used.flatMap((event, index): Block[] => {
      const events = history.stream(event.stream);
      const reviews = allOf(events, 'OverrideReviewed');
      const lapses = allOf(events, 'OverrideReviewLapsed');
      return [
        { kind: 'heading', text: `Override ${index + 1} for ${event.data.environment}` },
        {
          kind: 'facts',
          rows: [
            { label: 'Override id', cells: [scribe.fact(event, '/data/overrideId', undefined, { code: true })] },
            {
              label: 'Used by',
              cells: [
                { ...scribe.person(event, '/data/operatorId'), tone: 'attention' } as Cell,
                scribe.time(event, '/metadata/occurredAt'),
              ],
            },
            { label: 'Reason', cells: [scribe.disclosed(event, '/data/reason', 'reason of the override')] },
            { label: 'Valid until', cells: [scribe.time(event, '/data/validUntil')] },
            {
              label: 'Over the digest',
              cells: [scribe.fact(event, '/data/evidenceDigest', undefined, { code: true })],
            },
            {
              label: 'Re-authentication',
              cells: [
                scribe.time(event, '/data/authentication/authenticatedAt'),
                scribe.fact(event, '/data/authentication/acr', (acr: string) => `acr ${acr}`, {
                  missing: 'strength of the re-authentication (acr)',
                }),
              ],
            },
            {
              label: 'Review due',
              cells: [
                scribe.time(event, '/data/reviewDueAt'),
                scribe.fact(event, '/data/reviewRole', (role: string) => `by a ${role}`),
              ],
            },
            {
              label: 'Review',
              cells: [
                ...reviews.map((review) =>
                  scribe.fact(
                    review,
                    '/data/verdict',
                    (verdict: string) =>
                      `${verdict}, ${scribe.nameOf(review.data.reviewerId)}, ${time(review.metadata.occurredAt)}`,
                    { tone: review.data.verdict === 'justified' ? 'favourable' : 'adverse' },
                  ),
                ),
                ...reviews.map((review) => scribe.disclosed(review, '/data/reason', 'reason of the review')),
                ...lapses.map((lapse) =>
                  scribe.derived([lapse], `REVIEW OVERDUE ${time(lapse.metadata.occurredAt)}`, { tone: 'adverse' }),
                ),
                ...(reviews.length + lapses.length === 0 ? [scribe.gap('review of the override')] : []),
              ],
            },
            { label: 'Incident', cells: [scribe.fact(event, '/data/incidentId', undefined, { code: true })] },
          ],
        },
      ];
    });
  });
}
