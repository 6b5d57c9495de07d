import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandInputs, CommandResult } from '#libs/application';
import type { ContentStore } from '#libs/content';
import { type Clock, type Timer, newId } from '#libs/runtime';
import { SegmentSummary, summariseSegment } from './segment-summary.js';

/** One scored batch, as a line of the segment. Holds what the caller sent: it never leaves the content store. */
export interface ScoredBatch {
  readonly requestId: string;
  readonly at: string;
  readonly modelVersionId: string;
  readonly permitId: string;
  readonly slot: string;
  /** Of the salted split; absent when the caller named the version. */
  readonly bucket?: number;
  readonly key?: string;
  readonly rows: number;
  readonly inputs: readonly object[];
  readonly outputs: readonly object[];
}

export interface PredictionLogOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly content: Pick<ContentStore, 'put'>;
  /** Carries out SealPredictionSegment; the segment's id makes a repeat harmless. */
  readonly seal: (input: CommandInputs['SealPredictionSegment']) => Promise<CommandResult>;
  /** A segment is sealed at so many rows, … */
  readonly rows?: number;
  /** … at so many bytes, … */
  readonly bytes?: number;
  /** … or so many milliseconds after its first line. */
  readonly milliseconds?: number;
  /** Bytes that may wait for their seal: beyond it nothing is scored, for an unlogged prediction is none. */
  readonly unsealedBytes?: number;
  readonly onFault?: (fault: 'SealFailed' | 'SealRefused' | 'SegmentDamaged', detail: string) => void;
}

/** More than `unsealedBytes` wait for their seal. */
export class PredictionLogFull extends Error {
  override readonly name = 'PredictionLogFull';
}

interface Segment {
  readonly segmentId: string;
  readonly deploymentId: string;
  readonly path: string;
  readonly file: FileHandle;
  readonly summary: SegmentSummary;
  /** Writes one after the other: what stands in the file is what was answered, in order. */
  tail: Promise<void>;
  timer?: Timer;
}

const fileName = /^([0-9a-f-]{36})\.([0-9a-f-]{36})\.jsonl$/;

/**
 * Prediction log: JSON Lines in a segment file per deployment. A line is written to the operating system before its
 * answer goes out (it survives kill -9 of this process; it is not fsynced, so a power cut may take the last lines).
 * Sealing makes the file durable in the content store and leaves its digest on the ledger, never a row.
 */
export class PredictionLog {
  readonly #options: Required<Omit<PredictionLogOptions, 'onFault'>> & Pick<PredictionLogOptions, 'onFault'>;
  readonly #open = new Map<string, Promise<Segment>>();
  /** Closed files whose digest is not on the ledger yet; an earlier process's file has no summary yet. */
  readonly #waiting = new Map<string, SegmentSummary | undefined>();
  #openBytes = 0;
  #sealing: Promise<unknown> = Promise.resolve();
  #retry?: Timer;
  #closed = false;

  constructor(options: PredictionLogOptions) {
    this.#options = {
      rows: 10_000,
      bytes: 64 * 1024 * 1024,
      milliseconds: 60_000,
      unsealedBytes: 1024 * 1024 * 1024,
      ...options,
    };
  }

  /** Takes up the files that an earlier process left behind, also one that was killed. */
  async recover(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    for (const name of (await readdir(this.#options.folder)).filter((name) => fileName.test(name)).sort())
      this.#waiting.set(join(this.#options.folder, name), undefined);
    if (this.#waiting.size > 0) this.#sealLater(0);
  }

  get unsealedBytes(): number {
    return this.#openBytes + [...this.#waiting.values()].reduce((sum, summary) => sum + (summary?.bytes ?? 0), 0);
  }

  /** @returns the segment's id. @throws PredictionLogFull */
  async append(deploymentId: string, batch: ScoredBatch): Promise<string> {
    if (this.unsealedBytes > this.#options.unsealedBytes) throw new PredictionLogFull('too much waits for its seal');
    let segment = await this.#segment(deploymentId);
    while (this.#waiting.has(segment.path)) segment = await this.#segment(deploymentId);
    const { file, summary } = segment;
    const line = Buffer.from(`${JSON.stringify(batch)}\n`);
    summary.add(batch, line);
    this.#openBytes += line.length;
    segment.tail = segment.tail.then(() => file.appendFile(line));
    await segment.tail;
    if (summary.rows >= this.#options.rows || summary.bytes >= this.#options.bytes) void this.#close(segment);
    return segment.segmentId;
  }

  /** Seals everything there is and answers which segments; throws when the ledger or the content store is away. */
  async sealAll(): Promise<readonly string[]> {
    await Promise.all([...this.#open.values()].map(async (segment) => this.#close(await segment, false)));
    return this.#sealWaiting();
  }

  /** Stops taking lines. What is not sealed stays in its file for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await Promise.all([...this.#open.values()].map(async (segment) => this.#close(await segment, false)));
    await this.#sealing.catch(() => undefined);
  }

  #segment(deploymentId: string): Promise<Segment> {
    if (this.#closed) throw new Error('the prediction log is closed');
    const known = this.#open.get(deploymentId);
    if (known) return known;
    const opening = this.#openSegment(deploymentId);
    this.#open.set(deploymentId, opening);
    opening.catch(() => this.#open.delete(deploymentId));
    return opening;
  }

  async #openSegment(deploymentId: string): Promise<Segment> {
    const segmentId = newId();
    const path = join(this.#options.folder, `${deploymentId}.${segmentId}.jsonl`);
    const file = await open(path, 'ax', 0o600);
    const summary = new SegmentSummary();
    const segment: Segment = { segmentId, deploymentId, path, file, summary, tail: Promise.resolve() };
    segment.timer = this.#options.clock.after(this.#options.milliseconds, () => void this.#close(segment));
    return segment;
  }

  async #close(segment: Segment, sealSoon = true): Promise<void> {
    if (this.#waiting.has(segment.path)) return;
    this.#waiting.set(segment.path, segment.summary);
    this.#openBytes -= segment.summary.bytes;
    segment.timer?.cancel();
    this.#open.delete(segment.deploymentId);
    await segment.tail.catch(() => undefined);
    await segment.file.sync();
    await segment.file.close();
    if (sealSoon) this.#sealLater(0);
  }

  #sealLater(milliseconds: number): void {
    this.#retry?.cancel();
    if (this.#closed) return;
    this.#retry = this.#options.clock.after(milliseconds, () => {
      this.#sealWaiting().catch((error: Error) => {
        this.#options.onFault?.('SealFailed', error.name);
        this.#sealLater(5_000);
      });
    });
  }

  /** One after the other, so that two triggers never seal the same file twice. */
  #sealWaiting(): Promise<readonly string[]> {
    const work = this.#sealing
      .catch(() => undefined)
      .then(async () => {
        const sealed: string[] = [];
        for (const path of this.#waiting.keys()) {
          const segmentId = await this.#sealFile(path);
          this.#waiting.delete(path);
          if (segmentId !== undefined) sealed.push(segmentId);
        }
        return sealed;
      });
    this.#sealing = work;
    return work;
  }

  async #sealFile(path: string): Promise<string | undefined> {
    const [, deploymentId, segmentId] = fileName.exec(path.slice(this.#options.folder.length + 1))!;
    const summary = this.#waiting.get(path) ?? (await this.#summarise(path));
    if (summary === undefined) return undefined;
    if (summary.batches === 0) {
      await rm(path, { force: true });
      return undefined;
    }
    const stored = await this.#options.content.put(summary.digest(), createReadStream(path));
    const result = await this.#options.seal({
      segmentId: segmentId!,
      deploymentId: deploymentId!,
      rows: Object.fromEntries([...summary.rowsOfVersion].sort()),
      permits: [...summary.permits].sort(),
      content: { ...stored, mediaType: 'application/jsonl' },
      from: summary.from,
      to: summary.to,
    });
    if (result.outcome === 'refused') {
      // Kept for a person to look at: neither lost nor tried for ever.
      this.#options.onFault?.('SealRefused', result.code);
      await rename(path, `${path}.refused`);
      return undefined;
    }
    await rm(path, { force: true });
    return segmentId;
  }

  async #summarise(path: string): Promise<SegmentSummary | undefined> {
    try {
      return await summariseSegment(path);
    } catch {
      this.#options.onFault?.('SegmentDamaged', path);
      await rename(path, `${path}.damaged`);
      return undefined;
    }
  }
}
