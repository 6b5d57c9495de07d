/** Reflected polynomial of Castagnoli (RFC 3720 appendix B.4). */
const polynomial = 0x82f63b78;

/** Sixteen tables of 256: table n advances a byte by n further bytes ("slicing by 16"). */
const tables: readonly Int32Array[] = (() => {
  const all = Array.from({ length: 16 }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte += 1) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    all[0]![byte] = rest;
  }
  for (let byte = 0; byte < 256; byte += 1) {
    for (let table = 1, rest = all[0]![byte]!; table < 16; table += 1) {
      rest = (rest >>> 8) ^ all[0]![rest & 0xff]!;
      all[table]![byte] = rest;
    }
  }
  return all;
})();

type Tuple<Item, Length extends number, Items extends Item[] = []> = Items['length'] extends Length
  ? Items
  : Tuple<Item, Length, [...Items, Item]>;

const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = tables as Tuple<Int32Array, 16>;

/** Words are read as the machine has them; one that has the high byte first takes the bytes one by one. */
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** CRC-32C of the bytes from `start` to `end` (exclusive), as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let at = start;
  const alone = isLittleEndian ? -(bytes.byteOffset + start) & 3 : end - start;
  for (const first = Math.min(start + alone, end); at < first; at += 1) crc = advance(crc, bytes[at]!);
  const words = new Int32Array(bytes.buffer, at < end ? bytes.byteOffset + at : 0, (end - at) >> 2);
  const whole = words.length & ~3;
  for (let word = 0; word < whole; word += 4) {
    const [a, b, c, d] = [crc ^ words[word]!, words[word + 1]!, words[word + 2]!, words[word + 3]!];
    crc =
      t15[a & 0xff]! ^
      t14[(a >>> 8) & 0xff]! ^
      t13[(a >>> 16) & 0xff]! ^
      t12[a >>> 24]! ^
      t11[b & 0xff]! ^
      t10[(b >>> 8) & 0xff]! ^
      t9[(b >>> 16) & 0xff]! ^
      t8[b >>> 24]! ^
      t7[c & 0xff]! ^
      t6[(c >>> 8) & 0xff]! ^
      t5[(c >>> 16) & 0xff]! ^
      t4[c >>> 24]! ^
      t3[d & 0xff]! ^
      t2[(d >>> 8) & 0xff]! ^
      t1[(d >>> 16) & 0xff]! ^
      t0[d >>> 24]!;
  }
  for (at += whole * 4; at < end; at += 1) crc = advance(crc, bytes[at]!);
  return ~crc >>> 0;
}

function advance(crc: number, byte: number): number {
  return (crc >>> 8) ^ t0[(crc ^ byte) & 0xff]!;
}
