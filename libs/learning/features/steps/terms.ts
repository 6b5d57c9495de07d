import { elementTypes, integer } from '../../onnx/index.js';
import type { GraphBuilder } from '../../onnx/index.js';
import type { AttributeProto } from '../../onnx/format.js';

/** Terms of a step's graph, named by the step and counted: rows of constants `[1, width]` and operators on float64. */
export function termsOf(graph: GraphBuilder, name: string) {
  let count = 0;
  const next = (word: string): string => `${name}_${word.toLowerCase()}_${(count += 1)}`;
  const op = (operator: string, inputs: readonly string[], attributes: readonly AttributeProto[] = []): string =>
    graph.node(operator, next(operator), inputs, attributes);
  const integers = (values: Iterable<number>): string => {
    const list = BigInt64Array.from(values, (value) => BigInt(value));
    return graph.constant(next('integers'), [list.length], list);
  };
  return {
    op,
    integers,
    row: (values: ArrayLike<number>): string =>
      graph.constant(next('row'), [1, values.length], Float64Array.from(values)),
    number: (value: number): string => graph.constant(next('number'), [1, 1], Float64Array.of(value)),
    block: (dims: readonly number[], values: ArrayLike<number>): string =>
      graph.constant(next('block'), dims, Float64Array.from(values)),
    truths: (values: readonly boolean[]): string =>
      graph.constant(next('truths'), [1, values.length], Uint8Array.from(values, Number)),
    columns: (input: string, indices: Iterable<number>): string =>
      op('Gather', [input, integers(indices)], [integer('axis', 1)]),
    joined: (parts: readonly string[]): string =>
      parts.length === 1 ? parts[0]! : op('Concat', parts, [integer('axis', 1)]),
    cast: (input: string, type: keyof typeof elementTypes): string =>
      op('Cast', [input], [integer('to', elementTypes[type])]),
    sum: (input: string, axis: number, keep = 0): string =>
      op('ReduceSum', [input, integers([axis])], [integer('keepdims', keep)]),
    unsqueezed: (input: string, axis: number): string => op('Unsqueeze', [input, integers([axis])]),
  };
}

export type Terms = ReturnType<typeof termsOf>;
