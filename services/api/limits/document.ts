import { GraphQLError, Kind, getNamedType, isListType, isNonNullType } from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  GraphQLObjectType,
  GraphQLOutputType,
  OperationDefinitionNode,
  SelectionSetNode,
  ValidationRule,
} from 'graphql';
import type { Limits } from './limits.js';

/** What an operation costs before it runs. */
export interface Measured {
  readonly depth: number;
  readonly aliases: number;
  readonly rootFields: number;
}

type LimitName = 'tokens' | 'depth' | 'aliases' | 'rootFields' | 'cost';

export function limitExceeded(limit: LimitName, maximum: number, found: number): GraphQLError {
  return new GraphQLError(`The operation exceeds the limit of ${maximum} for ${limit}.`, {
    extensions: { code: 'LIMIT_EXCEEDED', limit, maximum, found },
  });
}

/**
 * Refuses documents over the limits of depth, aliases and root fields. Every fragment is measured once, so that
 * fragments that spread each other in a fan cost no time; a cycle is left to the rule that forbids it.
 */
export function limitRule(limits: Limits): ValidationRule {
  return (context) => ({
    Document(document) {
      for (const definition of document.definitions) {
        if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
        const measured = measure(document, definition);
        for (const name of ['depth', 'aliases', 'rootFields'] as const)
          if (measured[name] > limits[name])
            context.reportError(limitExceeded(name, limits[name], Math.min(measured[name], Number.MAX_SAFE_INTEGER)));
      }
      return false;
    },
  });
}

/** Depth, aliases and root fields of an operation, fragments counted wherever they are spread. */
export function measure(document: DocumentNode, operation: OperationDefinitionNode): Measured {
  const fragments = fragmentsOf(document);
  const known = new Map<string, { depth: number; aliases: number; fields: number } | 'open'>();

  const selectionSet = (set: SelectionSetNode): { depth: number; aliases: number; fields: number } => {
    let depth = 0;
    let aliases = 0;
    let fields = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const below = selection.selectionSet ? selectionSet(selection.selectionSet) : undefined;
        depth = Math.max(depth, 1 + (below?.depth ?? 0));
        aliases += (selection.alias ? 1 : 0) + (below?.aliases ?? 0);
        fields += 1;
      } else {
        const below =
          selection.kind === Kind.INLINE_FRAGMENT
            ? selectionSet(selection.selectionSet)
            : fragment(selection.name.value);
        depth = Math.max(depth, below.depth);
        aliases += below.aliases;
        fields += below.fields;
      }
    }
    return { depth, aliases, fields };
  };

  const fragment = (name: string) => {
    const none = { depth: 0, aliases: 0, fields: 0 };
    const found = known.get(name);
    if (found === 'open') return none;
    if (found) return found;
    const definition = fragments.get(name);
    if (!definition) return none;
    known.set(name, 'open');
    const measured = selectionSet(definition.selectionSet);
    known.set(name, measured);
    return measured;
  };

  const { depth, aliases, fields } = selectionSet(operation.selectionSet);
  return { depth, aliases, rootFields: fields };
}

/** Cost of a field that makes others wait: a command goes to the event store. */
const mutationCost = 10;

/**
 * How many objects an operation could answer, by the `first` arguments and list arguments given: 1 for each object,
 * `first` times what lies below a connection, and ten for each mutation. Scalars cost nothing.
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const fragments = fragmentsOf(document);
  const root = schema.getRootType(operation.operation);
  if (!root) return 0;
  const memo = new Map<string, number>();

  const selectionSet = (set: SelectionSetNode, typeName: string): number => {
    let cost = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) cost += fieldCost(selection, typeName);
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        cost += selectionSet(selection.selectionSet, selection.typeCondition?.name.value ?? typeName);
      else {
        const name = selection.name.value;
        const definition = fragments.get(name);
        if (!definition) continue;
        let known = memo.get(name);
        if (known === undefined) {
          known = selectionSet(definition.selectionSet, definition.typeCondition.name.value);
          memo.set(name, known);
        }
        cost += known;
      }
    }
    return cost;
  };

  const fieldCost = (field: FieldNode, typeName: string): number => {
    const type = schema.getType(typeName) as GraphQLObjectType | undefined;
    const definition = type && 'getFields' in type ? type.getFields()[field.name.value] : undefined;
    if (!definition) return 0;
    const own = operation.operation === 'mutation' && typeName === root.name ? mutationCost : 0;
    if (!field.selectionSet) return own;
    const below = selectionSet(field.selectionSet, getNamedType(definition.type).name);
    const times = multiplier(field, variables);
    // A list that nobody asked a size of is short by construction (the parts of an answer); count it as ten.
    const size = times ?? (isList(definition.type) && !isPage(typeName) ? 10 : 1);
    return own + size * (weightOf(getNamedType(definition.type).name) + below);
  };

  // Tenths add up to almost whole numbers.
  return Math.ceil(Math.max(0, selectionSet(operation.selectionSet, root.name) - 1e-6));
}

function isPage(typeName: string): boolean {
  return typeName.endsWith('Connection') || typeName === 'Lineage';
}

/** Nodes and edges of a walk come in one round trip and load nothing: ten of them weigh as much as one object. */
function weightOf(typeName: string): number {
  return typeName.startsWith('Lineage') ? 0.1 : 1;
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

/** What `first`, `ids` or `budget` says; undefined when the field has none of them. */
function multiplier(field: FieldNode, variables: Readonly<Record<string, unknown>>): number | undefined {
  for (const { name, value } of field.arguments ?? []) {
    const given = value.kind === Kind.VARIABLE ? variables[value.name.value] : value;
    if (name.value === 'first') {
      const size = typeof given === 'number' ? given : Number((given as { value?: string } | undefined)?.value);
      return Number.isFinite(size) ? Math.max(1, size) : 100;
    }
    if (name.value === 'ids') {
      const list = Array.isArray(given) ? given : (given as { values?: readonly unknown[] } | undefined)?.values;
      return Math.max(1, list?.length ?? 1);
    }
  }
  return undefined;
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  return fragments;
}
