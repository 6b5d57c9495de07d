/** Where the values of an event's metadata that headers repeat lie; `To` is 0 where there is none. */
export interface MetadataPlaces {
  versionFrom: number;
  versionTo: number;
  correlationFrom: number;
  correlationTo: number;
  causationFrom: number;
  causationTo: number;
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const version = ascii('schemaVersion');
const correlation = ascii('correlationId');
const causation = ascii('causationId');

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [opening, closing, openingList, closingList] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Finds the values without reading the whole: of an object without spaces at its top, as our codec writes it (RFC 8785),
 * whose version is a number of up to nine digits and whose ids are strings of plain ASCII. False for everything else.
 */
export function findMetadata(bytes: Uint8Array, from: number, to: number, found: MetadataPlaces): boolean {
  found.versionTo = 0;
  found.correlationTo = 0;
  found.causationTo = 0;
  let at = from;
  if (bytes[at++] !== opening) return false;
  if (bytes[at] === closing) return at + 1 === to;
  while (at < to) {
    if (bytes[at] !== quote) return false;
    const key = at + 1;
    const keyEnd = plainText(bytes, key, to);
    if (keyEnd < 0 || bytes[keyEnd + 1] !== colon) return false;
    const value = keyEnd + 2;
    const end = valueEnd(bytes, value, to);
    if (end < 0) return false;
    if (isAt(bytes, key, keyEnd, version)) {
      if (!isNumber(bytes, value, end)) return false;
      [found.versionFrom, found.versionTo] = [value, end];
    } else if (isAt(bytes, key, keyEnd, correlation)) {
      if (!isText(bytes, value, end)) return false;
      [found.correlationFrom, found.correlationTo] = [value + 1, end - 1];
    } else if (isAt(bytes, key, keyEnd, causation)) {
      if (!isText(bytes, value, end)) return false;
      [found.causationFrom, found.causationTo] = [value + 1, end - 1];
    }
    if (bytes[end] === closing) return end + 1 === to;
    if (bytes[end] !== comma) return false;
    at = end + 1;
  }
  return false;
}

/** The quote behind a text of plain ASCII; -1: it is another text. */
function plainText(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!;
    if (byte === quote) return at;
    if (byte < 0x20 || byte > 0x7e || byte === backslash) return -1;
  }
  return -1;
}

/** The first byte behind a value; -1: it does not end. */
function valueEnd(bytes: Uint8Array, from: number, to: number): number {
  let depth = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!;
    if (byte === quote) {
      at += 1;
      while (at < to && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
    } else if (byte === opening || byte === openingList) depth += 1;
    else if (depth === 0 && (byte === comma || byte === closing)) return at > from ? at : -1;
    else if (byte === closing || byte === closingList) depth -= 1;
  }
  return -1;
}

function isNumber(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > 9 || (bytes[from] === 0x30 && to - from > 1)) return false;
  for (let at = from; at < to; at += 1) if (bytes[at]! < 0x30 || bytes[at]! > 0x39) return false;
  return true;
}

/** One text, of plain ASCII, which is not empty. */
function isText(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === quote && to - from > 2 && plainText(bytes, from + 1, to) === to - 1;
}

function isAt(bytes: Uint8Array, from: number, to: number, expected: Uint8Array): boolean {
  const { length } = expected;
  if (to - from !== length) return false;
  for (let index = 0; index < length; index += 1) if (bytes[from + index] !== expected[index]) return false;
  return true;
}
