import { catalogue, isEventType } from '../../event-store/catalogue.js';
import type { AssayEvent, EventOf, EventType } from '../../lifecycle/events.js';
import type { RecordedAssayEvent, RecordedEvent } from '../../event-store/envelope.js';
import type { Columns, RowOf, Table } from './table.js';

/** What an event does to a view's tables. Plain data but for `change`, which is a pure function of the row before. */
export type Operation =
  | { readonly kind: 'insert'; readonly table: Table; readonly row: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'change';
      readonly table: Table;
      readonly key: Readonly<Record<string, unknown>>;
      readonly change: (
        before: Readonly<Record<string, unknown>> | undefined,
      ) => Readonly<Record<string, unknown>> | undefined;
    };

/** Adds a row to a facts table or a dictionary. */
export function insert<C extends Columns, Key extends string>(table: Table<C, Key>, row: RowOf<C>): Operation {
  return { kind: 'insert', table: table as unknown as Table, row: row as Readonly<Record<string, unknown>> };
}

/**
 * A new version of the row with this key: `change` gets the row before (undefined: there is none) and returns the
 * whole row without its key, or undefined to leave it as it is. Must be pure.
 */
export function change<C extends Columns, Key extends Extract<keyof C, string>>(
  table: Table<C, Key>,
  key: Pick<RowOf<C>, Key & keyof RowOf<C>>,
  next: (before: RowOf<C> | undefined) => Omit<RowOf<C>, Key> | undefined,
): Operation {
  return {
    kind: 'change',
    table: table as unknown as Table,
    key: key as Readonly<Record<string, unknown>>,
    change: next as unknown as Extract<Operation, { kind: 'change' }>['change'],
  };
}

/** The row with some cells replaced; undefined (no new version) when there is no row to amend. */
export function amend<C extends Columns, Key extends Extract<keyof C, string>>(
  table: Table<C, Key>,
  key: Pick<RowOf<C>, Key & keyof RowOf<C>>,
  cells: Partial<RowOf<C>>,
): Operation {
  return change(table, key, (before) => (before === undefined ? undefined : { ...before, ...cells }));
}

export type Handlers = { readonly [T in EventType]?: (event: RecordedEvent<EventOf<T>>) => readonly Operation[] };

export interface View {
  /** Lower case, the first part of its schemas' names: `<name>_g<generation>`. */
  readonly name: string;
  /** Raised when tables or `evolve` change: the projector then fills a new generation beside the live one. */
  readonly version: number;
  readonly tables: readonly Table[];
  /** `all`: every type, also those that this build does not know. */
  readonly handles: ReadonlySet<string> | 'all';
  /** Pure: no clock, no random source, no database. */
  evolve(event: RecordedAssayEvent): readonly Operation[];
  /** SQL functions in schema `read` that lie over the generation's schema; created when it goes live. */
  readonly functions?: (schema: string) => string;
  /** The names of those functions with their argument types, to drop them: `lineage_walk(text, bigint)`. */
  readonly functionNames?: readonly string[];
}

/** What is derived of a view, once. */
const followed = new WeakMap<View, ReadonlySet<string>>();

/** The aggregates of whose streams a view handles any event; a view of `all` follows every other one too. */
export function followedBy(view: View): ReadonlySet<string> {
  let aggregates = followed.get(view);
  if (aggregates === undefined) {
    const types = view.handles === 'all' ? [] : [...view.handles];
    aggregates = new Set(types.flatMap((type) => (isEventType(type) ? [catalogue[type].aggregate] : [])));
    followed.set(view, aggregates);
  }
  return aggregates;
}

/** Whether the view handles any event of this aggregate's streams. */
export function follows(view: View, aggregate: string): boolean {
  return view.handles === 'all' || followedBy(view).has(aggregate);
}

export interface ViewDefinition {
  readonly name: string;
  readonly version: number;
  readonly tables: readonly Table[];
  readonly evolve: Handlers | ((event: RecordedAssayEvent) => readonly Operation[]);
  readonly functions?: (schema: string) => string;
  readonly functionNames?: readonly string[];
}

/** One named read model: its tables and the pure fold from events to row operations. */
export function view(definition: ViewDefinition): View {
  const { evolve, ...rest } = definition;
  if (!/^[a-z][a-z_]{0,40}$/.test(rest.name)) throw new Error(`view name ${JSON.stringify(rest.name)}: a-z and _`);
  if (typeof evolve === 'function') return { ...rest, handles: 'all', evolve };
  const handlers = evolve as Readonly<
    Record<string, ((event: RecordedEvent<AssayEvent>) => readonly Operation[]) | undefined>
  >;
  return {
    ...rest,
    handles: new Set(Object.keys(handlers)),
    evolve: (event) => handlers[event.type]?.(event) ?? [],
  };
}

export function handles(view: View, type: string): boolean {
  return view.handles === 'all' || view.handles.has(type);
}
