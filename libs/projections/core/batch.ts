import type { RecordedEvent } from '../../event-store/envelope.js';
import { factLine, Lines } from './lines.js';
import { InvalidCell, normalize, openEnd, planOf, type RowPlan, type Table } from './table.js';
import type { Operation } from './view.js';

export type Cells = Readonly<Record<string, unknown>>;

export interface FactRow {
  readonly workspace: string;
  readonly position: bigint;
  readonly ordinal: number;
  /** In the order of the table's columns. */
  readonly values: readonly unknown[];
}

export interface VersionRow {
  readonly workspace: string;
  readonly position: bigint;
  positionTo: bigint;
  readonly revision: bigint;
  readonly cells: Cells;
}

/** A version that was stored before this batch and is closed by it. */
export interface Closing {
  readonly workspace: string;
  readonly key: Cells;
  readonly position: bigint;
  readonly positionTo: bigint;
}

export interface RowKey {
  readonly workspace: string;
  readonly key: Cells;
}

interface Chain {
  stored: VersionRow | undefined;
  readonly added: VersionRow[];
}

/** What an event adds to a facts table, until every one of its operations has been possible. */
interface PendingFact {
  readonly facts: Facts;
  readonly row: FactRow;
}

/** Rows that are added: few are kept as they are, more of them as the lines that will be copied. */
export interface AddedFacts {
  readonly rows: readonly FactRow[];
  readonly lines: Lines<FactRow> | undefined;
}

class Facts implements AddedFacts {
  rows: FactRow[] = [];
  lines: Lines<FactRow> | undefined;
  #position = -1n;
  #ordinal = -1;

  constructor(
    private readonly table: Table,
    private readonly leastCopied: number,
  ) {}

  ordinalAt(position: bigint): number {
    this.#ordinal = this.#position === position ? this.#ordinal + 1 : 0;
    this.#position = position;
    return this.#ordinal;
  }

  takeBack(): void {
    this.#ordinal -= 1;
    if (this.#ordinal < 0) this.#position = -1n;
  }

  add(row: FactRow): void {
    if (this.lines !== undefined) return this.lines.add(row);
    this.rows.push(row);
    if (this.rows.length < this.leastCopied) return;
    this.lines = new Lines(factLine(this.table));
    for (const each of this.rows) this.lines.add(each);
    this.rows = [];
  }
}

type EventCoordinates = Pick<RecordedEvent, 'position' | 'revision'>;

/** The key's text form: equal exactly when workspace and key cells are, since no normalized text holds a NUL. */
export function keyText(table: Table, workspace: string, key: Cells): string {
  let text = workspace;
  for (const cell of planOf(table).key) text += `\u0000${String(normalize(table, cell, key[cell.name]))}`;
  return text;
}

/**
 * The rows of one batch, folded in memory: each facts row once, each versioned row as a chain that begins at what is
 * stored. Applying an event whose revision a row has already seen changes nothing.
 */
export class RowBatch {
  readonly #facts = new Map<Table, Facts>();
  readonly #dictionaries = new Map<Table, Map<string, RowKey>>();
  readonly #chains = new Map<Table, Map<string, Chain>>();

  /**
   * @param leastCopied So many rows of a table go in as a copy: faster, but a row that is there already fails it all.
   *   With fewer, and by default, those that are there already stay as they are.
   */
  constructor(readonly leastCopied: number = Number.POSITIVE_INFINITY) {}

  /** Asked for when nothing is changed any more. */
  #newest: ReadonlyMap<Table, ReadonlyMap<string, VersionRow>> | undefined;

  /** The keys of versioned rows that these operations change and this batch does not hold yet. */
  missing(operations: Iterable<Operation>, workspace: string, into: Map<Table, Map<string, RowKey>>): void {
    for (const operation of operations) {
      if (operation.kind !== 'change') continue;
      const { table, key } = operation;
      const text = keyText(table, workspace, key);
      if (this.#chains.get(table)?.has(text)) continue;
      let keys = into.get(table);
      if (keys === undefined) into.set(table, (keys = new Map()));
      keys.set(text, { workspace, key });
    }
  }

  /** Enters what the database holds for a key (undefined: nothing). */
  load(table: Table, text: string, stored: VersionRow | undefined): void {
    let chains = this.#chains.get(table);
    if (chains === undefined) this.#chains.set(table, (chains = new Map()));
    chains.set(text, { stored, added: [] });
  }

  /** The same, with the key read from the stored row. */
  loadStored(table: Table, stored: VersionRow): void {
    this.load(table, keyText(table, stored.workspace, stored.cells), stored);
  }

  /** All or nothing: throws when an operation is impossible, and then has changed nothing. */
  apply(workspace: string, event: EventCoordinates, operations: readonly Operation[]): void {
    const undo: (() => void)[] = [];
    const added: PendingFact[] = [];
    try {
      for (const operation of operations) {
        if (operation.kind === 'change') undo.push(this.#change(event, workspace, operation));
        else if (operation.table.kind === 'dictionary') this.#define(workspace, operation, undo);
        else added.push(this.#insert(event, workspace, operation));
      }
    } catch (error) {
      for (const step of undo.reverse()) step();
      for (const { facts } of added) facts.takeBack();
      throw error;
    }
    for (const { facts, row } of added) facts.add(row);
  }

  #insert(
    event: EventCoordinates,
    workspace: string,
    { table, row }: Extract<Operation, { kind: 'insert' }>,
  ): PendingFact {
    if (table.kind !== 'facts') throw new InvalidCell(table.name, '*', `insert into a table of ${table.kind}`);
    const values = normalizeValues(table, row);
    let facts = this.#facts.get(table);
    if (facts === undefined) this.#facts.set(table, (facts = new Facts(table, this.leastCopied)));
    const { position } = event;
    return { facts, row: { workspace, position, ordinal: facts.ordinalAt(position), values } };
  }

  #define(workspace: string, { table, row }: Extract<Operation, { kind: 'insert' }>, undo: (() => void)[]): void {
    let rows = this.#dictionaries.get(table);
    if (rows === undefined) this.#dictionaries.set(table, (rows = new Map()));
    const text = keyText(table, workspace, row);
    if (rows.has(text)) return;
    const added = rows;
    rows.set(text, { workspace, key: normalizeRow(table, row) });
    undo.push(() => added.delete(text));
  }

  #change(
    event: EventCoordinates,
    workspace: string,
    { table, key, change }: Extract<Operation, { kind: 'change' }>,
  ): () => void {
    const chain = this.#chains.get(table)?.get(keyText(table, workspace, key));
    if (chain === undefined) throw new Error(`${table.name}: row was not loaded before it was changed`);
    const last = chain.added.at(-1) ?? chain.stored;
    if (last !== undefined && last.revision >= event.revision && last.position !== event.position) return () => {};
    const next = change(last?.cells);
    if (next === undefined) return () => {};
    const cells = normalizeVersion(table, next, key, last?.cells);
    const version = { workspace, position: event.position, positionTo: openEnd, revision: event.revision, cells };
    if (last?.position === event.position && chain.added.length > 0) {
      chain.added[chain.added.length - 1] = version;
      return () => (chain.added[chain.added.length - 1] = last);
    }
    if (last?.position === event.position) return () => {};
    if (last !== undefined) last.positionTo = event.position;
    chain.added.push(version);
    return () => {
      chain.added.pop();
      if (last !== undefined) last.positionTo = openEnd;
    };
  }

  facts(): ReadonlyMap<Table, AddedFacts> {
    return this.#facts;
  }

  dictionaries(): ReadonlyMap<Table, readonly RowKey[]> {
    return new Map([...this.#dictionaries].map(([table, rows]) => [table, [...rows.values()]]));
  }

  /** By table and key, the newest version of each row that this batch has changed. */
  newest(): ReadonlyMap<Table, ReadonlyMap<string, VersionRow>> {
    if (this.#newest !== undefined) return this.#newest;
    const result = new Map<Table, Map<string, VersionRow>>();
    for (const [table, chains] of this.#chains) {
      const rows = new Map<string, VersionRow>();
      for (const [key, { added }] of chains) if (added.length > 0) rows.set(key, added.at(-1)!);
      result.set(table, rows);
    }
    return (this.#newest = result);
  }

  /** New versions and the stored versions that they close, by table. */
  versions(): ReadonlyMap<Table, { readonly added: readonly VersionRow[]; readonly closed: readonly Closing[] }> {
    const result = new Map<Table, { added: VersionRow[]; closed: Closing[] }>();
    for (const [table, chains] of this.#chains) {
      const added: VersionRow[] = [];
      const closed: Closing[] = [];
      for (const { stored, added: chain } of chains.values()) {
        if (chain.length === 0) continue;
        added.push(...chain);
        if (stored === undefined) continue;
        const { workspace, position, positionTo, cells } = stored;
        closed.push({ workspace, key: cells, position, positionTo });
      }
      if (added.length > 0) result.set(table, { added, closed });
    }
    return result;
  }
}

/** Every column of the table, normalized; throws InvalidCell for a cell that the table cannot hold or does not have. */
export function normalizeRow(table: Table, row: Cells): Cells {
  const plan = planOf(table);
  refuseStrangers(table, plan, row);
  const result: Record<string, unknown> = {};
  for (const cell of plan.cells) result[cell.name] = normalize(table, cell, row[cell.name]);
  return result;
}

/** The same as values in the order of the columns. */
function normalizeValues(table: Table, row: Cells): unknown[] {
  const plan = planOf(table);
  refuseStrangers(table, plan, row);
  return plan.cells.map((cell) => normalize(table, cell, row[cell.name]));
}

/** The same of `next` with its key. What stands as it stood in the version before is normalized already. */
function normalizeVersion(table: Table, next: Cells, key: Cells, before: Cells | undefined): Cells {
  const plan = planOf(table);
  refuseStrangers(table, plan, next);
  refuseStrangers(table, plan, key);
  const result: Record<string, unknown> = {};
  for (const cell of plan.cells) {
    const { name } = cell;
    const value = name in key ? key[name] : next[name];
    result[name] = value !== undefined && value === before?.[name] ? value : normalize(table, cell, value);
  }
  return result;
}

function refuseStrangers(table: Table, { byName }: RowPlan, row: Cells): void {
  for (const name in row) if (!byName.has(name)) throw new InvalidCell(table.name, name, 'no such column');
}
