import { cellType, isOptional, openEnd, type CellType, type Table } from './table.js';
import type { View } from './view.js';

/** Text is compared by bytes ("C"), so that no order depends on the database's locale. */
const sqlTypes: Readonly<Record<CellType, string>> = {
  text: 'text COLLATE "C"',
  time: 'text COLLATE "C"',
  integer: 'bigint',
  number: 'double precision',
  bigint: 'bigint',
  boolean: 'boolean',
  json: 'jsonb',
  bytes: 'bytea',
};

/** The Postgres schema of one generation of a view. */
export function generationSchema(view: string, generation: number): string {
  return `${view}_g${generation}`;
}

/** The columns that every row of a table's kind carries besides its own, in storage order. */
export function commonColumns(table: Table): readonly string[] {
  if (table.kind === 'facts') return ['workspace', 'position', 'ordinal'];
  if (table.kind === 'versions') return ['workspace', 'position', 'position_to', 'revision'];
  return ['workspace'];
}

const commonDefinitions: Readonly<Record<string, string>> = {
  workspace: 'workspace text COLLATE "C" NOT NULL',
  position: 'position bigint NOT NULL',
  ordinal: 'ordinal integer NOT NULL',
  position_to: `position_to bigint NOT NULL DEFAULT ${openEnd}`,
  revision: 'revision bigint NOT NULL',
};

/** What identifies a row. */
export function identityOf(table: Table): readonly string[] {
  return table.kind === 'facts' ? ['position', 'ordinal'] : primaryKey(table);
}

/** The columns of its primary key, an order that rows can be read in. */
export function primaryKey(table: Table): readonly string[] {
  if (table.kind === 'facts') return [...table.leading, 'position', 'ordinal'];
  if (table.kind === 'versions') return ['workspace', ...table.key, 'position'];
  return ['workspace', ...table.key];
}

/**
 * Everything a new generation needs: its schema, the view's tables and indexes, and the revisions seen by stream.
 * A `bare` one lacks what only costs while it is filled: the keys of facts and every index ({@link completionDdl}).
 */
export function generationDdl(view: View, generation: number, bare = false): string {
  const schema = generationSchema(view.name, generation);
  return [
    `CREATE SCHEMA ${schema};`,
    `CREATE TABLE ${schema}.stream_head (stream uuid PRIMARY KEY, revision bigint NOT NULL) WITH (fillfactor = 80);`,
    ...view.tables.flatMap((table) => [
      tableDdl(schema, table, !bare || table.kind !== 'facts'),
      ...(bare ? [] : indexDdl(schema, table)),
    ]),
  ].join('\n');
}

/** What a bare generation lacks, one statement each; `ANALYZE` after, for the planner. */
export function completionDdl(view: View, generation: number): string[] {
  const schema = generationSchema(view.name, generation);
  return view.tables.flatMap((table) => [
    ...(table.kind === 'facts' ? [`ALTER TABLE ${schema}.${table.name} ADD ${keyDdl(table)};`] : []),
    ...indexDdl(schema, table),
    `ANALYZE ${schema}.${table.name};`,
  ]);
}

function tableDdl(schema: string, table: Table, withKey: boolean): string {
  const own = Object.entries(table.columns).map(
    ([name, column]) => `${name} ${sqlTypes[cellType(column)]}${isOptional(column) ? '' : ' NOT NULL'}`,
  );
  const common = commonColumns(table).map((name) => commonDefinitions[name]!);
  const key = withKey ? [keyDdl(table)] : [];
  return `CREATE TABLE ${schema}.${table.name} (\n  ${[...common, ...own, ...key].join(',\n  ')}\n);`;
}

function keyDdl(table: Table): string {
  const including = table.including.length > 0 ? ` INCLUDE (${table.including.join(', ')})` : '';
  return `PRIMARY KEY (${primaryKey(table).join(', ')})${including}`;
}

function indexDdl(schema: string, table: Table): string[] {
  return table.indexes.map(
    (index, ordinal) => `CREATE INDEX ${table.name}_${ordinal + 1} ON ${schema}.${table.name} ${index};`,
  );
}

/**
 * What readers see of a live generation, in schema `read`: each table under its own name (every version of every row)
 * and, for tables with positions, `<table>_at(workspace, position)`: the rows as of that position. The functions are
 * plain enough for the planner to inline them.
 */
export function publishDdl(view: View, generation: number): string {
  const schema = generationSchema(view.name, generation);
  const parts = view.tables.flatMap((table) => {
    const source = `${schema}.${table.name}`;
    const statements = [`CREATE OR REPLACE VIEW read.${table.name} AS SELECT * FROM ${source};`];
    const visible = visibility(table);
    if (visible !== undefined) {
      statements.push(
        `CREATE OR REPLACE FUNCTION read.${table.name}_at(text, bigint) RETURNS SETOF read.${table.name} LANGUAGE sql STABLE AS ` +
          `$$ SELECT * FROM ${source} AS t WHERE t.workspace = $1 AND ${visible} $$;`,
      );
    }
    return statements;
  });
  return [...parts, view.functions?.(schema) ?? ''].join('\n');
}

function visibility(table: Table): string | undefined {
  if (table.kind === 'facts') return 't.position <= $2';
  if (table.kind === 'versions') return 't.position <= $2 AND t.position_to > $2';
  return undefined;
}

/** Takes back what {@link publishDdl} made, for these table and function names. */
export function withdrawDdl(tables: readonly string[], functions: readonly string[]): string {
  return [
    ...functions.map((signature) => `DROP FUNCTION IF EXISTS read.${signature};`),
    ...tables.map((name) => `DROP FUNCTION IF EXISTS read.${name}_at(text, bigint);`),
    ...tables.map((name) => `DROP VIEW IF EXISTS read.${name};`),
  ].join('\n');
}
