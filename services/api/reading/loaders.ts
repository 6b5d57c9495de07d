import DataLoader from 'dataloader';
import type { Vault } from '#libs/disclosure';
import type { Table } from '../../../libs/projections/core/table.js';
import { mayDo } from '#libs/authorization';
import type { Disclosure } from '../queries/values.js';
import type { Entity } from './entities.js';
import { itemsByKey, itemsByParent, partsByParent } from './items.js';
import type { Item, Part } from './items.js';
import type { Reader } from './reader.js';

/** Most children of one parent that a relation lists; longer ones are connections. */
export const childrenLimit = 100;

/** One request's batches: one loader per relation and reader, so that no row of one position answers for another. */
export class Loaders {
  readonly #loaders = new Map<string, DataLoader<string, unknown>>();
  readonly #readers = new Map<Reader, number>();

  constructor(private readonly vault: Vault) {}

  /** The thing with this key; null when there is none or the caller may not see it. */
  one(reader: Reader, entity: Entity, key: unknown): Promise<Item | undefined> | undefined {
    if (typeof key !== 'string') return undefined;
    return this.#loader<Item | undefined>(reader, `one ${entity.type}`, (keys) =>
      itemsByKey(reader, entity, keys),
    ).load(key);
  }

  async many(reader: Reader, entity: Entity, keys: unknown): Promise<readonly Item[]> {
    const found = await Promise.all(((keys ?? []) as readonly string[]).map((key) => this.one(reader, entity, key)));
    return found.filter((item) => item !== undefined);
  }

  /** The newest {@link childrenLimit} things whose column is the parent. */
  children(reader: Reader, entity: Entity, column: string, parent: string): Promise<readonly Item[]> {
    return this.#loader<readonly Item[]>(reader, `${entity.type} by ${column}`, (parents) =>
      itemsByParent(reader, entity, column, parents, childrenLimit),
    ).load(parent);
  }

  /** The rows that a thing is made of. */
  parts(reader: Reader, table: unknown, column: string, parent: string): Promise<readonly Part[]> {
    const { name } = table as Table;
    return this.#loader<readonly Part[]>(reader, `${name} by ${column}`, (parents) =>
      partsByParent(reader, table as Table, column, parents),
    ).load(parent);
  }

  /** What stands behind a digest, as far as the caller may see it and nobody erased it. */
  async disclosure(reader: Reader, digest: unknown): Promise<Disclosure | undefined> {
    if (typeof digest !== 'string') return undefined;
    if (!mayDo(reader.ability, 'reveal', 'Disclosure')) return { digest };
    return this.text(reader, digest);
  }

  /** As {@link disclosure}, where another right than that to reasons decides. */
  text(reader: Reader, digest: string): Promise<Disclosure> {
    return this.#loader<Disclosure>(reader, 'vault', async (digests) => {
      const revealed = await this.vault.reveal(reader.workspace, digests);
      return digests.map((each): Disclosure => {
        const found = revealed.get(each);
        if (found?.status === 'revealed') return { digest: each, text: found.text };
        return found ? { digest: each, erasedAt: found.erasedAt } : { digest: each };
      });
    }).load(digest);
  }

  #loader<Value>(
    reader: Reader,
    name: string,
    load: (keys: readonly string[]) => Promise<readonly Value[]>,
  ): DataLoader<string, Value> {
    let number = this.#readers.get(reader);
    if (number === undefined) this.#readers.set(reader, (number = this.#readers.size));
    const key = `${number} ${name}`;
    let loader = this.#loaders.get(key);
    if (!loader) {
      loader = new DataLoader<string, unknown>((keys) => load(keys), { maxBatchSize: 1_000 });
      this.#loaders.set(key, loader);
    }
    return loader as DataLoader<string, Value>;
  }
}
