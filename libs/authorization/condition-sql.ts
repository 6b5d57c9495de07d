import { rulesToAST } from '@casl/ability/extra';
import type { AssayAbility } from './ability.js';
import type { Action, SubjectType } from './permissions.js';

/** A field of the rules as a column of the query: SQL text of ours, never of a caller. */
export type Columns = Readonly<Record<string, string | { readonly array: string }>>;

export interface SqlCondition {
  /** A boolean expression that is never NULL, with `$n` parameters. */
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The rule cannot be asked of this table: a mistake of ours, and nothing is shown. */
export class UnsupportedCondition extends Error {
  override readonly name = 'UnsupportedCondition';
}

interface Node {
  readonly operator: string;
  readonly value: unknown;
  readonly field?: string;
}

/**
 * The rows that the actor may act on, as SQL: the same rules that `ability.can` applies in memory, so that lists and
 * single fields cannot disagree. Every comparison is written to be TRUE or FALSE and never NULL, since SQL drops
 * NULL rows that JavaScript keeps (`NOT (column = x)`). Ranges and patterns are refused: JavaScript and SQL order
 * missing values differently. `first` is the number of the first parameter.
 */
export function conditionSql(
  ability: AssayAbility,
  action: Action,
  type: SubjectType,
  columns: Columns,
  first = 1,
): SqlCondition {
  const ast = rulesToAST(ability, action, type) as Node | null;
  if (ast === null) return { text: 'FALSE', values: [] };
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${first + values.push(value) - 1}`;
  return { text: compiled(ast), values };

  function compiled(node: Node): string {
    switch (node.operator) {
      case 'and':
        return joined(node.value as readonly Node[], ' AND ', 'TRUE');
      case 'or':
        return joined(node.value as readonly Node[], ' OR ', 'FALSE');
      case 'not':
        return `NOT ${compiled((node.value as readonly Node[])[0]!)}`;
      case 'eq':
        return equal(column(node), node.value);
      case 'ne':
        return `NOT ${equal(column(node), node.value)}`;
      case 'in':
        return among(column(node), node.value as readonly unknown[]);
      case 'nin':
        return `NOT ${among(column(node), node.value as readonly unknown[])}`;
      default:
        throw new UnsupportedCondition(`operator ${node.operator} on ${node.field ?? 'the row'}`);
    }
  }

  function joined(nodes: readonly Node[], operator: string, empty: string): string {
    return nodes.length === 0 ? empty : `(${nodes.map(compiled).join(operator)})`;
  }

  function column(node: Node): string | { readonly array: string } {
    const found = node.field === undefined || !Object.hasOwn(columns, node.field) ? undefined : columns[node.field];
    if (found === undefined) throw new UnsupportedCondition(`${type} has no column for ${node.field ?? 'itself'}`);
    return found;
  }

  function equal(target: string | { readonly array: string }, value: unknown): string {
    if (typeof target !== 'string') return among(target, [value]);
    return value === null ? `(${target} IS NULL)` : `(${target} IS NOT DISTINCT FROM ${parameter(value)})`;
  }

  function among(target: string | { readonly array: string }, list: readonly unknown[]): string {
    const known = list.filter((value) => value !== null && value !== undefined);
    if (typeof target !== 'string') {
      if (known.length < list.length) throw new UnsupportedCondition('null in a list column');
      return `(COALESCE(${target.array} && ${parameter(known)}, FALSE))`;
    }
    const match = `(${target} = ANY(${parameter(known)})) IS TRUE`;
    return list.includes(null) ? `(${match} OR ${target} IS NULL)` : `(${match})`;
  }
}
