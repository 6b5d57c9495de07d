import type { AssayAbility } from '#libs/authorization';

/** The read models at one position, for one caller. Carried by every object that was read through it. */
export interface Reader {
  readonly workspace: string;
  /** Everything at or before this $all position is seen, nothing after it. */
  readonly asOf: bigint;
  readonly ability: AssayAbility;
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
}

export type Row = Readonly<Record<string, unknown>>;

/** The read models as the API needs them: `libs/projections` behind a pool. */
export interface ReadModels {
  /** The position that every view has reached. */
  position(): Promise<bigint>;
  /** The position that a time maps to: the last whose running maximum of `recordedAt` is at or before it. */
  positionAt(time: string): Promise<bigint>;
  /** Resolves when every view has reached the position: true, or false when it has not within `milliseconds`. */
  waitFor(position: bigint, milliseconds: number): Promise<boolean>;
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
  /** Calls back after the views have moved; returns how to end that. */
  onAdvance(listener: () => void): () => void;
}

/** What a read asks for. */
export interface AsOf {
  readonly position?: bigint | null;
  readonly time?: string | null;
  readonly atLeast?: bigint | null;
}

/** A view has not reached the position within the time that a read waits. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
  constructor(
    readonly position: bigint,
    readonly reached: bigint,
  ) {
    super(`position ${position} is not read yet: the views are at ${reached}`);
  }
}

/**
 * The positions of one operation: the first read without `asOf` pins one for the whole operation; the same `asOf`
 * answers with the same reader, so that loaders can share its cache.
 */
export class Reading {
  readonly #readers = new Map<string, Promise<Reader>>();
  readonly #opened = new Map<bigint, Reader>();

  constructor(
    private readonly models: ReadModels,
    private readonly workspace: string,
    private readonly ability: AssayAbility,
    private readonly waitMs: number,
  ) {}

  /** @throws NotYet */
  at(asOf: AsOf | null | undefined): Promise<Reader> {
    const key = `${asOf?.position ?? ''}/${asOf?.time ?? ''}/${asOf?.atLeast ?? ''}`;
    let reader = this.#readers.get(key);
    if (!reader) this.#readers.set(key, (reader = this.#open(asOf)));
    return reader;
  }

  async #open(asOf: AsOf | null | undefined): Promise<Reader> {
    const position = await this.#position(asOf);
    let reader = this.#opened.get(position);
    if (!reader) {
      reader = {
        workspace: this.workspace,
        asOf: position,
        ability: this.ability,
        query: (text, values) => this.models.query(text, values),
      };
      this.#opened.set(position, reader);
    }
    return reader;
  }

  async #position(asOf: AsOf | null | undefined): Promise<bigint> {
    if (asOf?.position !== undefined && asOf.position !== null) {
      await this.#reach(asOf.position);
      return asOf.position;
    }
    if (asOf?.time !== undefined && asOf.time !== null) {
      const position = await this.models.positionAt(asOf.time);
      await this.#reach(position);
      return position;
    }
    if (asOf?.atLeast !== undefined && asOf.atLeast !== null) await this.#reach(asOf.atLeast);
    return this.models.position();
  }

  async #reach(position: bigint): Promise<void> {
    if (await this.models.waitFor(position, this.waitMs)) return;
    throw new NotYet(position, await this.models.position());
  }
}
