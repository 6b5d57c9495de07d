import type { DossierContent, Section } from './content.js';
import { createScribe } from './scribe.js';
import { approvals } from './sections/approvals.js';
import { dataSheets } from './sections/data.js';
import { evaluations, fairness } from './sections/evaluation.js';
import { brief, cover, gaps, verification } from './sections/front.js';
import { lineage } from './sections/lineage.js';
import { inventory, retirement, risk } from './sections/model.js';
import { access, lateEntries, rights, timeline } from './sections/record.js';
import { overrides } from './sections/overrides.js';
import { refusals } from './sections/refusals.js';
import { deployments, incidents, permits, segments } from './sections/serving.js';
import { training } from './sections/training.js';
import { unreadable } from './sections/unreadable.js';
import type { DossierInput } from './source.js';

/**
 * Events to the content of a dossier. Pure: the same input gives the same content. Throws RangeError when an event
 * lies beyond `asOf` or when there is no event at all.
 */
export function buildContent(input: DossierInput): DossierContent {
  const { events, modelVersionId, asOf, asOfTime, audience, lateEntryLimitSeconds } = input;
  const [first] = events;
  if (!first) throw new RangeError(`model version ${modelVersionId}: no event at or before position ${asOf}`);
  const beyond = events.find(({ position }) => position > asOf);
  if (beyond) throw new RangeError(`event ${beyond.id} lies beyond position ${asOf}`);
  const scribe = createScribe(input);
  const { history } = scribe;
  const middle: Section[] = [
    inventory,
    timeline,
    lineage,
    dataSheets,
    training,
    evaluations,
    fairness,
    risk,
    approvals,
    refusals,
    overrides,
    permits,
    deployments,
    segments,
    incidents,
    retirement,
    rights,
    access,
    lateEntries,
  ].map((section) => section(scribe));
  const unread = unreadable(scribe);
  const missing = gaps(scribe);
  const missingRows = missing.blocks.reduce((sum, block) => sum + (block.kind === 'table' ? block.rows.length : 0), 0);
  const sections = [cover(scribe), brief(scribe, missingRows), ...unread, ...middle, missing, verification(scribe)];
  const model = history.of('ModelRegistered')[0];
  const registered = history.of('ModelVersionRegistered').find(({ data }) => data.modelVersionId === modelVersionId);
  const times = events.map(({ recordedAt }) => recordedAt).sort();
  const name = model?.data.name ?? 'unnamed model';
  return {
    dossier: {
      id: `${modelVersionId}@${asOf}`,
      title: `${name}, ${registered ? `version ${registered.data.number}` : 'unregistered version'}`,
      modelVersionId,
      ...(model ? { modelId: model.data.modelId } : {}),
      workspace: first.metadata.workspace,
      asOf: { position: String(asOf), time: asOfTime },
      period: { from: times[0]!, to: times.at(-1)! },
      audience,
      language: 'en',
      lateEntryLimitSeconds,
      events: events.length,
    },
    sections,
    events: events.map((event) => ({
      id: event.id,
      type: event.type,
      schemaVersion: event.metadata.schemaVersion,
      stream: event.stream,
      revision: String(event.revision),
      position: String(event.position),
      recordedAt: event.recordedAt,
      digest: event.digest,
      data: event.stored.data,
      metadata: event.stored.metadata,
    })),
    people: [...scribe.named].sort().map((id) => {
      const name = input.people.get(id);
      return name === undefined
        ? { id, state: 'unknown' as const }
        : name === 'erased'
          ? { id, state: 'erased' as const }
          : { id, name: name.toWellFormed(), state: 'named' as const };
    }),
    disclosures: [...scribe.disclosedTexts].sort().map((digest) => {
      const revealed = input.disclosures.get(digest) ?? 'withheld';
      return typeof revealed === 'string'
        ? { digest, state: revealed }
        : { digest, state: 'revealed' as const, ...revealed, text: revealed.text.toWellFormed() };
    }),
  };
}
