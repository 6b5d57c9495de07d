import { WrongExpectedRevision } from '#libs/event-store';
import { nameStream, type Id, type NameReserved } from '#libs/lifecycle';
import { Refusal, type Call } from './call.js';

/**
 * Takes a name within its kind: a stream of its own, appended with "no stream", so that of two takers one is refused.
 * Taking it again for the same owner changes nothing: a command that was cut off here goes on when it is repeated.
 * @throws Refusal `NameTaken`.
 */
export async function reserveName(call: Call, kind: string, name: string, ownerId: Id, field = 'name'): Promise<void> {
  if ((await takeName(call, kind, name, ownerId)) !== ownerId)
    throw new Refusal('NameTaken', { field, kind, rule: 'unique in the workspace' });
}

/** Returns who holds the name now. */
export async function takeName(call: Call, kind: string, name: string, ownerId: Id): Promise<Id> {
  const stream = nameStream(call.workspace, kind, name);
  const reserved: NameReserved = { type: 'NameReserved', data: { kind, ownerId } };
  try {
    // Most names are free: asked only when the store says that this one is not.
    await call.append({ stream, events: [], revision: undefined }, [reserved]);
    return ownerId;
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
  }
  const { events } = await call.loadStream(stream);
  const [first] = events;
  if (first?.type !== 'NameReserved') throw new Error(`${stream} holds no name`);
  return first.data.ownerId;
}
