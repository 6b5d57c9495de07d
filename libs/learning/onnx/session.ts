import '../../runtime/no-telemetry.js';
import { createRequire } from 'node:module';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { InputError } from '#libs/statistics';

/** Cells of the input tensor that one call of the runtime gets: bounds its memory. */
const cellsAtOnce = 1 << 16;

/** Rows that one call of the runtime gets. */
export const rowsAtOnce = (width: number): number => Math.max(16, Math.floor(cellsAtOnce / width));

/** A model in onnxruntime-node, on one thread. */
export interface Session {
  /** One call, synchronous behind its promise. @throws InputError `MissingOutput`, `UnsupportedOnnx` */
  run(rows: Float32Array, width: number, output: string): Promise<Float32Array | Float64Array>;
  release(): Promise<void>;
}

/** @throws InputError `UnsupportedOnnx` where the runtime refuses the file */
export async function openSession(model: Uint8Array): Promise<Session> {
  // Required, not imported: its types are CommonJS and it loads a native library, which `--help` must not wait for.
  const runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');
  const session: InferenceSession = await runtime.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  }).catch(refused);
  return {
    async run(rows, width, output) {
      if (!session.outputNames.includes(output))
        throw new InputError('MissingOutput', `the model has no output "${output}"`, {
          field: output,
          rule: 'the output exists',
        });
      const input = new runtime.Tensor('float32', rows, [rows.length / width, width]);
      const result = await session.run({ [session.inputNames[0] ?? '']: input }, [output]).catch(refused);
      const { data } = (result as Readonly<Record<string, Tensor>>)[output]!;
      if (!(data instanceof Float32Array || data instanceof Float64Array))
        throw new InputError('UnsupportedOnnx', `the output "${output}" holds no floating numbers`, {
          field: output,
          rule: 'float32 or float64',
        });
      return data;
    },
    release: () => session.release(),
  };
}

/** The runtime's message names places in its own sources; its last line says what is wrong. */
function refused(error: unknown): never {
  const message = (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1)!.slice(0, 300);
  throw new InputError('UnsupportedOnnx', `ONNX Runtime refuses the model: ${message}`, {
    field: 'graph',
    rule: 'a model that ONNX Runtime runs',
  });
}
