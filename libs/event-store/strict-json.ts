import { isAscii } from 'node:buffer';
import { canonicalJson } from '../signing/canonical.js';

/** Deepest nesting of objects and arrays that an event may have. */
export const maximumDepth = 32;

export type JsonFault = 'TooDeep' | 'NotJson' | 'NotUtf8' | 'DuplicateKey' | 'NotCanonical';

/** Why bytes are not the canonical JSON of one value. `detail` names the member or the limit. */
export class JsonRefused extends Error {
  override readonly name = 'JsonRefused';
  constructor(
    readonly fault: JsonFault,
    readonly detail: string,
  ) {
    super(`${fault}: ${detail}`);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads bytes that must be RFC 8785 canonical JSON of an object. Comparing with the canonical form finds duplicate
 * keys, numbers out of range and odd escapes at the price of one print; a second look then names what is wrong.
 * Depth is measured on the bytes first, so that no parser sees a bomb.
 * @throws JsonRefused
 */
export function parseCanonical(bytes: Uint8Array): Record<string, unknown> {
  refuseDepth(bytes);
  const text = textOf(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonRefused('NotJson', 'the text is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new JsonRefused('NotJson', 'the text is not a JSON object');
  if (isPlainlyCanonical(value, text) || canonicalOf(value) === text) return value as Record<string, unknown>;
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined) throw new JsonRefused('DuplicateKey', duplicate);
  throw new JsonRefused('NotCanonical', 'the bytes are not RFC 8785 canonical JSON');
}

function textOf(bytes: Uint8Array): string {
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  try {
    return decoder.decode(bytes);
  } catch {
    throw new JsonRefused('NotUtf8', 'the bytes are not UTF-8');
  }
}

/**
 * The cheap way to say yes: the engine prints the same text, which has no \u escapes (a lone surrogate would be one),
 * and all keys are sorted. Says no where a second look is needed; duplicate keys never print the same.
 */
function isPlainlyCanonical(value: object, text: string): boolean {
  return !text.includes('\\u') && JSON.stringify(value) === text && hasSortedKeys(value);
}

function hasSortedKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(hasSortedKeys);
  let before: string | undefined;
  for (const key in value) {
    if (before !== undefined && !(before < key)) return false;
    if (!hasSortedKeys((value as Record<string, unknown>)[key])) return false;
    before = key;
  }
  return true;
}

/** undefined where the value has no canonical form: a lone surrogate, or 1e999 read as an infinity. */
function canonicalOf(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined;
  }
}

function refuseDepth(bytes: Uint8Array): void {
  if (opens(bytes, 0x7b) + opens(bytes, 0x5b) <= maximumDepth) return;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (quoted) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maximumDepth) throw new JsonRefused('TooDeep', `nested deeper than ${maximumDepth}`);
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
}

/** How often a byte occurs, as far as that is of interest. */
function opens(bytes: Uint8Array, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0 && count <= maximumDepth; at = bytes.indexOf(byte, at + 1)) count += 1;
  return count;
}

/** JSON pointer of the first member that an object has twice, in a text that `JSON.parse` accepts. */
function duplicateKey(text: string): string | undefined {
  type Frame = { readonly keys: Set<string> | undefined; key: string; index: number };
  const frames: Frame[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;
  let last: string | undefined;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const frame = frames.at(-1);
    const [part] = match;
    if (part === '{') frames.push({ keys: new Set(), key: '', index: 0 });
    else if (part === '[') frames.push({ keys: undefined, key: '', index: 0 });
    else if (part === '}' || part === ']') frames.pop();
    else if (part === ',' && frame) frame.index += 1;
    else if (part === ':' && frame?.keys && last !== undefined) {
      frame.key = JSON.parse(last) as string;
      const pointer = `/${frames.map((each) => (each.keys ? escapePointer(each.key) : each.index)).join('/')}`;
      if (frame.keys.has(frame.key)) return pointer;
      frame.keys.add(frame.key);
    }
    last = part.startsWith('"') ? part : undefined;
  }
  return undefined;
}

/** One segment of a JSON pointer (RFC 6901 section 3). */
export function escapePointer(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}
