import { In, IsNull, LessThan, type DataSource } from 'typeorm';
import { DisclosureRow } from './disclosure.entity.js';
import type { Revealed, Vault, VaultEntry } from './vault.js';

/** The vault in Postgres (table `disclosure`). Migrations: {@link disclosureMigrations}. */
export function createPostgresVault(dataSource: DataSource, now: () => Date = () => new Date()): Vault {
  const rows = dataSource.getRepository(DisclosureRow);

  return {
    async put(workspace, entries) {
      if (entries.length === 0) return;
      const createdAt = now();
      await rows
        .createQueryBuilder()
        .insert()
        .values(entries.map((entry) => row(workspace, entry, createdAt)))
        .orIgnore()
        .execute();
    },

    async confirm(workspace, digests) {
      if (digests.length === 0) return;
      await rows.update({ workspace, digest: In([...digests]), confirmedAt: IsNull() }, { confirmedAt: now() });
    },

    async reveal(workspace, digests) {
      const revealed = new Map<string, Revealed>();
      if (digests.length === 0) return revealed;
      for (const found of await rows.findBy({ workspace, digest: In([...new Set(digests)]) })) {
        if (found.salt !== null && found.value !== null) {
          const salt = found.salt.toString('hex');
          revealed.set(found.digest, { status: 'revealed', text: found.value, salt });
        } else if (found.erasedAt !== null) {
          revealed.set(found.digest, { status: 'erased', erasedAt: found.erasedAt.toISOString() });
        }
      }
      return revealed;
    },

    async textsOfCommand(workspace, commandId) {
      const found = await rows.findBy({ workspace, commandId });
      return new Map(found.flatMap((entry) => (entry.value === null ? [] : [[entry.field, entry.value] as const])));
    },

    async eraseSubject(workspace, subjectId, at) {
      const result = await rows.update(
        { workspace, subjectId, erasedAt: IsNull() },
        { salt: null, value: null, erasedAt: new Date(at) },
      );
      return result.affected ?? 0;
    },

    async erase(workspace, digests, at) {
      if (digests.length === 0) return 0;
      const result = await rows.update(
        { workspace, digest: In([...digests]), erasedAt: IsNull() },
        { salt: null, value: null, erasedAt: new Date(at) },
      );
      return result.affected ?? 0;
    },

    async unconfirmed(workspace, before, limit) {
      const found = await rows.find({
        select: { digest: true, stream: true, commandId: true },
        where: { workspace, confirmedAt: IsNull(), createdAt: LessThan(new Date(before)) },
        order: { createdAt: 'ASC', digest: 'ASC' },
        take: limit,
      });
      return found.map(({ digest, stream, commandId }) => ({ digest, stream, commandId }));
    },

    async remove(workspace, digests) {
      if (digests.length === 0) return 0;
      const result = await rows.delete({ workspace, digest: In([...digests]), confirmedAt: IsNull() });
      return result.affected ?? 0;
    },
  };
}

function row(workspace: string, entry: VaultEntry, createdAt: Date): Partial<DisclosureRow> {
  return {
    workspace,
    digest: entry.digest,
    salt: Buffer.from(entry.salt, 'hex'),
    value: entry.text,
    field: entry.field,
    subjectId: entry.subjectId ?? null,
    stream: entry.stream,
    commandId: entry.commandId,
    createdAt,
    confirmedAt: null,
    erasedAt: null,
  };
}
