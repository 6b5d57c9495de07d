import { createHash, hash } from 'node:crypto';
import { InputError } from '../errors.js';
import { addKeyStreams, kernelKeys } from './chacha-kernel.js';

/** Lanes of the lattice hash: vectors of 1,024 unsigned 32-bit integers, added lane by lane modulo 2^32. */
export const lanes = 1024;

/** Rows (with their weights, in absolute value) at most: beyond, a lane could wrap and copies could cancel. */
export const maximumWeight = 2 ** 31;

/** Named in every seal; a change of any parameter is a new name. */
export const rowDigestAlgorithm = 'lthash-sha256-chacha20-1024x32-v2';

/**
 * A homomorphic hash of a multiset of rows (Bellare and Micciancio, EUROCRYPT 1997; LtHash of Lewi, Kim, Maykov and
 * Weis, "Securing update propagation with homomorphic hashing", 2019): the sum over rows of weight × V(row), where
 * V(row) is 4,096 bytes read as 1,024 little-endian 32-bit lanes: the ChaCha20 key stream (RFC 8439) under the key
 * SHA-256(row), nonce 0, counter from 0 (docs/adr/0011). Order does not matter, one changed row or one row counted twice does. Plain addition of
 * SHA-256 would be forgeable by a birthday over sums (Wagner 2002); here a forgery is a short vector of a
 * 1,024-dimensional lattice. Lanes are 32 bits, not LtHash's 16, since with 16 bits 65,536 copies of a row weigh
 * nothing; up to 2^31 rows cannot wrap.
 */
export class LatticeHash {
  /** Rows whose vectors are not yet in the state. */
  private pending = 0;
  private keys?: Buffer<ArrayBuffer>;
  /** The keys as 32-bit words in the machine's order. */
  private words: Int32Array = new Int32Array(0);
  private last = 0;
  private readonly weights = new Int32Array(kernelKeys);

  private constructor(
    private readonly state: Int32Array,
    private total: number,
    private absolute: number,
  ) {}

  static empty(): LatticeHash {
    return new LatticeHash(new Int32Array(lanes), 0, 0);
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
    if (!this.keys) {
      this.keys = Buffer.from(new ArrayBuffer(kernelKeys * 32));
      this.words = new Int32Array(this.keys.buffer);
    }
    this.last = this.pending * 8;
    // As a text of bytes: a Buffer for each row costs as much as its digest.
    this.keys.write(hash('sha256', row, 'binary'), this.pending * 32, 32, 'latin1');
    // Modulo 2^32, as the lanes are.
    this.weights[this.pending] = weight | 0;
    this.pending += 1;
    if (this.pending === kernelKeys) this.settle();
    this.total += weight;
  }

  /** Word `index` (of 8) of the SHA-256 of the row added last: equal rows have equal words on one machine. */
  keyWord(index: number): number {
    return this.words[this.last + index]!;
  }

  private settle(): Int32Array {
    if (this.pending > 0) addKeyStreams(this.state, this.keys!, this.weights, this.pending);
    this.pending = 0;
    return this.state;
  }

  /** Adds all rows of another hash: the parts of a file, the windows of a log. */
  merge(other: LatticeHash): void {
    this.absolute += other.absolute;
    if (this.absolute > maximumWeight)
      throw new InputError('TooManyRows', 'more rows than the row digest can tell apart', {
        rule: `at most 2^31 rows`,
      });
    const [own, theirs] = [this.settle(), other.settle()];
    for (let i = 0; i < lanes; i += 1) own[i] = (own[i]! + theirs[i]!) | 0;
    this.total += other.total;
  }

  /** SHA-256 over the algorithm's name, a zero byte, the number of rows (64 bits, big-endian) and the lanes. Hex. */
  digest(): string {
    const rows = Buffer.alloc(8);
    rows.writeBigInt64BE(BigInt(this.total));
    return createHash('sha256')
      .update(`${rowDigestAlgorithm}\0`)
      .update(rows)
      .update(Buffer.from(this.settle().buffer))
      .digest('hex');
  }

  /** The lanes as bytes, with the number of rows before them: enough to go on adding later. */
  serialize(): Uint8Array {
    const bytes = Buffer.alloc(16 + lanes * 4);
    bytes.writeBigInt64BE(BigInt(this.total));
    bytes.writeBigInt64BE(BigInt(this.absolute), 8);
    Buffer.from(this.settle().buffer).copy(bytes, 16);
    return bytes;
  }

  static deserialize(bytes: Uint8Array): LatticeHash {
    const view = Buffer.from(bytes);
    if (view.length !== 16 + lanes * 4)
      throw new InputError('LatticeState', `a state has ${16 + lanes * 4} bytes, not ${view.length}`, {
        rule: 'length',
      });
    const state = new Int32Array(view.buffer.slice(view.byteOffset + 16, view.byteOffset + view.length));
    return new LatticeHash(state, Number(view.readBigInt64BE(0)), Number(view.readBigInt64BE(8)));
  }
}
