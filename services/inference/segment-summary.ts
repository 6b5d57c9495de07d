import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { truncate } from 'node:fs/promises';
import type { ScoredBatch } from './prediction-log.js';

/** What the ledger is told of a segment, kept line by line, so that sealing a large one blocks nobody. */
export class SegmentSummary {
  readonly rowsOfVersion = new Map<string, number>();
  readonly permits = new Set<string>();
  readonly #hash = createHash('sha256');
  rows = 0;
  bytes = 0;
  batches = 0;
  from = '';
  to = '';

  add({ modelVersionId, permitId, rows, at }: ScoredBatch, line: Uint8Array): void {
    this.#hash.update(line);
    this.rowsOfVersion.set(modelVersionId, (this.rowsOfVersion.get(modelVersionId) ?? 0) + rows);
    this.permits.add(permitId);
    this.rows += rows;
    this.bytes += line.length;
    this.batches += 1;
    if (this.from === '' || at < this.from) this.from = at;
    if (at > this.to) this.to = at;
  }

  /** SHA-256 of all lines so far; may be asked more than once. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/**
 * The summary of a file that an earlier process left. A torn last line was never answered: it is cut off first.
 * Throws when a whole line is no scored batch: somebody else wrote into the file, which then is left as it is.
 */
export async function summariseSegment(path: string): Promise<SegmentSummary> {
  const summary = new SegmentSummary();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end + 1);
      summary.add(JSON.parse(line.toString('utf8')) as ScoredBatch, line);
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) await truncate(path, summary.bytes);
  return summary;
}
