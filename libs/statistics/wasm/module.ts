import { unsigned, v128 } from './instructions.js';

// The part of the WebAssembly JavaScript interface that is used here; Node's own types leave it to the browser's.
declare const WebAssembly: {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Memory: new (size: { readonly initial: number }) => KernelMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => CompiledModule;
  readonly Instance: new (
    module: CompiledModule,
    imports?: object,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};

export interface KernelMemory {
  readonly buffer: ArrayBuffer;
}
/** A module whose memory its instances are given. */
export type CompiledModule = object;

export interface KernelFunction {
  readonly name: string;
  /** Parameters, all i32; there is no result. */
  readonly parameters: number;
  /** Locals after the parameters, run by run. */
  readonly locals: readonly (readonly [count: number, type: 'i32' | 'v128'])[];
  readonly body: readonly number[];
}

/** Bytes of a page of memory. */
export const pageBytes = 65_536;

let vectors: boolean | undefined;

/** Whether this processor has the vectors that the kernels are made of: x64 since 2008 (SSE4.1), every ARM of 64 bits. */
export function hasVectors(): boolean {
  const body = [...v128.constant(Array<number>(16).fill(0)), 0x1a];
  return (vectors ??= WebAssembly.validate(assemble(1, [{ name: 'f', parameters: 0, locals: [], body }])));
}

/**
 * An instance with a memory of `pages` pages of its own, exported as `memory`, and the functions by name.
 * @throws Error on a processor without vectors
 */
export function instantiate(pages: number, functions: readonly KernelFunction[]): unknown {
  return new WebAssembly.Instance(moduleOf(assemble(pages, functions))).exports;
}

/**
 * A module for many instances, each on a memory of its own.
 * @throws Error on a processor without vectors
 */
export function compile(functions: readonly KernelFunction[]): CompiledModule {
  return moduleOf(assemble('imported', functions));
}

/** The functions of a compiled module, by name, over a new memory of at least `bytes`. */
export function instantiateOver(
  module: CompiledModule,
  bytes: number,
): { readonly memory: KernelMemory; readonly exports: Readonly<Record<string, unknown>> } {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
  return { memory, exports: new WebAssembly.Instance(module, { [host]: { memory } }).exports };
}

function moduleOf(bytes: Uint8Array<ArrayBuffer>): CompiledModule {
  if (!hasVectors()) throw new Error('this needs a processor with 128-bit vectors (SSE4.1, or ARM of 64 bits)');
  return new WebAssembly.Module(bytes);
}

const host = 'host';
const valueTypes = { i32: 0x7f, v128: 0x7b } as const;
/** Magic number and version. */
const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** Kinds of what is imported and exported. */
const [functionKind, memoryKind] = [0, 2];

const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const text = (name: string): number[] => sized([...Buffer.from(name)]);
const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];

/** A module's bytes (core specification 2.0, section 5.5); functions of as many parameters share a type. */
function assemble(memory: number | 'imported', functions: readonly KernelFunction[]): Uint8Array<ArrayBuffer> {
  const arities = [...new Set(functions.map(({ parameters }) => parameters))];
  const own = memory !== 'imported';
  const type = (arity: number): number[] => [0x60, ...list(Array.from({ length: arity }, () => [valueTypes.i32])), 0];
  const code = ({ locals, body }: KernelFunction): number[] =>
    sized([...list(locals.map(([count, kind]) => [...unsigned(count), valueTypes[kind]])), ...body, 0x0b]);
  const exported = functions.map(({ name }, index) => [...text(name), functionKind, index]);
  return Uint8Array.from([
    ...header,
    ...section(1, list(arities.map(type))),
    ...(own ? [] : section(2, list([[...text(host), ...text('memory'), memoryKind, 0, 1]]))),
    ...section(3, list(functions.map(({ parameters }) => [arities.indexOf(parameters)]))),
    ...(own ? section(5, list([[0, ...unsigned(memory)]])) : []),
    ...section(7, list([...(own ? [[...text('memory'), memoryKind, 0]] : []), ...exported])),
    ...section(10, list(functions.map(code))),
  ]);
}
