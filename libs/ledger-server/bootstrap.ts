import { randomUUID } from 'node:crypto';
import type { LedgerUser } from './access.js';
import type { LedgerWriter } from './writer.js';

/** The first events of a new ledger, as EventStoreDB has them: its users. No domain event ever lies at position 0. */
export async function bootstrap(
  writer: LedgerWriter,
  users: readonly Pick<LedgerUser, 'name' | 'role'>[],
): Promise<void> {
  for (const { name, role } of users) {
    const stream = `$user-${name}`;
    const document = { loginName: name, groups: role === 'admin' ? ['$admins'] : [], disabled: false };
    await write(writer, stream, '$UserCreated', JSON.stringify(document));
    await write(writer, '$users', '$User', JSON.stringify(name));
  }
}

async function write(writer: LedgerWriter, stream: string, type: string, data: string): Promise<void> {
  const properties = new Map([
    ['type', type],
    ['content-type', 'application/json'],
  ]);
  const event = { id: randomUUID(), properties, data: Buffer.from(data), metadata: Buffer.alloc(0) };
  const outcome = await writer.submit({ kind: 'append', stream, expected: 'any', events: [event] });
  if (outcome.kind !== 'success') throw new Error(`${stream} could not be written: ${outcome.kind}`);
}
