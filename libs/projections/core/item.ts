import { readFileSync } from 'node:fs';

/** The text of a query that lies beside the module: `sql(import.meta.url, 'queries/models.sql')`. */
export function sql(module: string, path: string): string {
  return readFileSync(new URL(path, module), 'utf8').trim().replace(/;$/, '');
}

/** Which columns of a row are 64-bit positions, and which are whole numbers that Postgres answers as text. */
export interface ItemShape {
  readonly bigints?: readonly string[];
  readonly numbers?: readonly string[];
}

/**
 * Rows in snake case to items in camel case: NULL is absent, `position` columns are bigint. The keys that only order
 * a list (`list_…`) and those for access rules (`access_…`) stay behind.
 */
export function itemOf<Item>(shape: ItemShape = {}): (row: object) => Item {
  const bigints = new Set(['position', ...(shape.bigints ?? [])]);
  const numbers = new Set(shape.numbers ?? []);
  const names = new Map<string, string>();
  return (row) => {
    const item: Record<string, unknown> = {};
    for (const [column, value] of Object.entries(row)) {
      if (value === null || column.startsWith('list_') || column.startsWith('access_')) continue;
      let name = names.get(column);
      if (name === undefined) {
        name = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
        names.set(column, name);
      }
      if (bigints.has(column)) item[name] = BigInt(value as string);
      else item[name] = numbers.has(column) ? Number(value) : value;
    }
    return item as Item;
  };
}
