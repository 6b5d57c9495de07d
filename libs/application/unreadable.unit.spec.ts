import { expect, test } from '@jest/globals';
import type { RecordedAssayEvent, StoredEvent } from '#libs/event-store';
import { tellingOnce, UnreadableEvents } from './unreadable.js';

const stored = (id: string, position: bigint): StoredEvent => ({
  id,
  type: 'AccessGranted',
  stream: `accessGrant-main.${id}`,
  revision: 0n,
  position,
  recordedAt: '2026-11-22T10:00:00.000Z',
  data: Buffer.from('{}'),
  metadata: Buffer.from('{'),
});
const [first, second] = ['a06aa4cb-bfe0-442b-a810-9d6366d7aa7d', '5cd98e51-15f8-4946-987a-9fb36420c9fe'];

test('each event that waits is told of once, with all that names it; one that was passed by is not told of again', () => {
  const events = new UnreadableEvents();
  const said: string[] = [];
  const tell = tellingOnce(events, (error) => said.push(String(error)));
  events.add(stored(first, 7n), new Error('NotJson: AccessGranted /metadata: the text is not JSON'));
  events.add(stored(second, 8n), new Error('the same'));
  events.apply({ type: 'PartitionSkipped', data: { view: 'decisions', eventId: second } } as RecordedAssayEvent);
  tell();
  tell();
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(
    `UnreadableEvent: AccessGranted ${first} in accessGrant-main.${first} at position 7 cannot be read`,
  );
  expect(said[0]).toContain('the text is not JSON');
  // Somebody has taken that back.
  events.apply({ type: 'PartitionRetried', data: { view: 'decisions', eventId: second } } as RecordedAssayEvent);
  tell();
  expect(said[1]).toContain(second);
});
