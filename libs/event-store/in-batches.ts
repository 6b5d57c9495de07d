import type { Readable } from 'node:stream';

/** Items that wait here before the stream is paused; a message is at most 1 MiB, most are far below a kilobyte. */
const mostWaiting = 256;

/**
 * What a stream of batches brings, as many items at a time as have come: a promise for each batch and not for each item.
 * Everything that came before an error is handed out before it is thrown.
 */
export async function* inBatches<Item>(stream: Readable): AsyncGenerator<readonly Item[]> {
  let batches: (readonly Item[])[] = [];
  let count = 0;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: () => void = () => undefined;
  stream.on('data', (batch: readonly Item[]) => {
    batches.push(batch);
    count += batch.length;
    if (count >= mostWaiting) stream.pause();
    wake();
  });
  const over = () => {
    isOver = true;
    wake();
  };
  stream.on('error', (error: unknown) => {
    failure ??= { error };
    over();
  });
  stream.on('end', over);
  stream.on('close', over);
  for (;;) {
    if (batches.length > 0) {
      const taken = batches;
      [batches, count] = [[], 0];
      if (stream.isPaused()) stream.resume();
      yield taken.length === 1 ? taken[0]! : taken.flat();
    } else if (failure) throw failure.error;
    else if (isOver) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
