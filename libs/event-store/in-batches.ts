import type { Readable } from 'node:stream';

/** Items that wait here before the stream is paused; a message is at most 1 MiB, most are far below a kilobyte. */
const mostWaiting = 256;

/**
 * What a stream of objects brings, as many at a time as have come: a promise for each batch and not for each item.
 * Everything that came before an error is handed out before it is thrown.
 */
export async function* inBatches<Item>(stream: Readable): AsyncGenerator<readonly Item[]> {
  let items: Item[] = [];
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: () => void = () => undefined;
  stream.on('data', (item: Item) => {
    if (items.push(item) >= mostWaiting) stream.pause();
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
    if (items.length > 0) {
      const batch = items;
      items = [];
      if (stream.isPaused()) stream.resume();
      yield batch;
    } else if (failure) throw failure.error;
    else if (isOver) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
