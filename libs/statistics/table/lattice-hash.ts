import { createHash } from 'node:crypto';
import { InputError } from '../errors.js';

/** Lanes of the lattice hash: vectors of 1,024 unsigned 32-bit integers, added lane by lane modulo 2^32. */
export const lanes = 1024;

/** Rows (with their weights, in absolute value) at most: beyond, a lane could wrap and copies could cancel. */
export const maximumWeight = 2 ** 31;

/** Named in every seal; a change of any parameter is a new name. */
export const rowDigestAlgorithm = 'lthash-shake128-1024x32-v1';

/**
 * A homomorphic hash of a multiset of rows (Bellare and Micciancio, EUROCRYPT 1997; LtHash of Lewi, Kim, Maykov and
 * Weis, "Securing update propagation with homomorphic hashing", 2019): the sum over rows of weight × SHAKE128(row),
 * read as 1,024 little-endian 32-bit lanes. Order does not matter, one changed row or one row counted twice does.
 * Plain addition of SHA-256 would be forgeable by a birthday over sums (Wagner 2002); here a forgery is a short
 * vector of a 1,024-dimensional lattice. Lanes are 32 bits, not LtHash's 16, since with 16 bits 65,536 copies of a row
 * weigh nothing; up to 2^31 rows cannot wrap.
 */
export class LatticeHash {
  private constructor(
    private readonly state: Uint32Array,
    private total: number,
    private absolute: number,
  ) {}

  static empty(): LatticeHash {
    return new LatticeHash(new Uint32Array(lanes), 0, 0);
  }

  /** Sum of the weights: the number of rows where each weighs 1. */
  get rows(): number {
    return this.total;
  }

  /**
   * Adds the canonical bytes of one row `weight` times; a negative weight takes it away.
   * @throws InputError `Weight` where the weight is no integer, `TooManyRows` beyond 2^31.
   */
  add(row: Uint8Array, weight = 1): void {
    if (!Number.isSafeInteger(weight))
      throw new InputError('Weight', `weight ${weight} is no integer`, { rule: 'integer' });
    this.absolute += Math.abs(weight);
    if (this.absolute > maximumWeight)
      throw new InputError('TooManyRows', 'more rows than the row digest can tell apart', {
        rule: `at most 2^31 rows`,
      });
    const digest = createHash('shake128', { outputLength: lanes * 4 })
      .update(row)
      .digest();
    const vector = new Uint32Array(digest.buffer, digest.byteOffset, lanes);
    const { state } = this;
    if (weight === 1) for (let i = 0; i < lanes; i += 1) state[i] = state[i]! + vector[i]!;
    else for (let i = 0; i < lanes; i += 1) state[i] = state[i]! + Math.imul(vector[i]!, weight);
    this.total += weight;
  }

  /** Adds all rows of another hash: the parts of a file, the windows of a log. */
  merge(other: LatticeHash): void {
    this.absolute += other.absolute;
    if (this.absolute > maximumWeight)
      throw new InputError('TooManyRows', 'more rows than the row digest can tell apart', {
        rule: `at most 2^31 rows`,
      });
    for (let i = 0; i < lanes; i += 1) this.state[i] = this.state[i]! + other.state[i]!;
    this.total += other.total;
  }

  /** SHA-256 over the algorithm's name, a zero byte, the number of rows (64 bits, big-endian) and the lanes. Hex. */
  digest(): string {
    const rows = Buffer.alloc(8);
    rows.writeBigInt64BE(BigInt(this.total));
    return createHash('sha256')
      .update(`${rowDigestAlgorithm}\0`)
      .update(rows)
      .update(Buffer.from(this.state.buffer))
      .digest('hex');
  }

  /** The lanes as bytes, with the number of rows before them: enough to go on adding later. */
  serialize(): Uint8Array {
    const bytes = Buffer.alloc(16 + lanes * 4);
    bytes.writeBigInt64BE(BigInt(this.total));
    bytes.writeBigInt64BE(BigInt(this.absolute), 8);
    Buffer.from(this.state.buffer).copy(bytes, 16);
    return bytes;
  }

  static deserialize(bytes: Uint8Array): LatticeHash {
    const view = Buffer.from(bytes);
    if (view.length !== 16 + lanes * 4)
      throw new InputError('LatticeState', `a state has ${16 + lanes * 4} bytes, not ${view.length}`, {
        rule: 'length',
      });
    const state = new Uint32Array(view.buffer.slice(view.byteOffset + 16, view.byteOffset + view.length));
    return new LatticeHash(state, Number(view.readBigInt64BE(0)), Number(view.readBigInt64BE(8)));
  }
}
