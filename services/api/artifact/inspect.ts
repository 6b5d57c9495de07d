import type { ContentStore } from '#libs/content';
import type { ContentReference } from '#libs/lifecycle';
import { startThread } from '#libs/runtime';

/** Bytes of the largest model file that is read: 512 MiB. Milliseconds and megabytes that reading one may take. */
export const modelBytesLimit = 512 * 2 ** 20;
const readingLimitMs = 30_000;
const memoryLimitMb = 1_024;

/**
 * Reads uploaded model files as ONNX in a worker thread: a hostile file costs a thread, never the process or its event
 * loop. Answers with advice to the maker when the file cannot be served (no ONNX, ZipMap outputs, data in other
 * files), with undefined when it can.
 */
export function modelInspector(content: ContentStore): (reference: ContentReference) => Promise<string | undefined> {
  return async ({ digest, bytes }) => {
    if (bytes > modelBytesLimit) return `must be a model file of at most ${modelBytesLimit} bytes`;
    return await inspect(await content.bytes(digest));
  };
}

function inspect(model: Uint8Array): Promise<string | undefined> {
  const worker = startThread(import.meta.url, 'worker', {
    workerData: model,
    resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve('must be a model file that can be read within 30 s');
      void worker.terminate();
    }, readingLimitMs);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      settle();
    };
    worker.once('message', (advice: string | undefined) => end(() => resolve(advice)));
    worker.once('error', (error: NodeJS.ErrnoException) =>
      end(() =>
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? resolve(`must be a model file that can be read in ${memoryLimitMb} MB`)
          : reject(error),
      ),
    );
  });
}
