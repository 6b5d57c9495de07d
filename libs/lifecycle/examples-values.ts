import { createHash } from 'node:crypto';
import type { ContentReference, Id, Sha256, Time } from './values.js';

/** Workspace of the examples. */
export const boston = 'boston';

export function digestOf(text: string): Sha256 {
  return createHash('sha256').update(text).digest('hex');
}

/** A UUID (version 8, RFC 9562) that stands for a word: `id('ana')` is always the same person. */
export function id(word: string): Id {
  const hex = digestOf(word);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Minutes after the examples' noon, which is 2026-11-22T12:00:00Z. */
export function time(minutes: number): Time {
  return new Date(Date.UTC(2026, 10, 22, 12) + minutes * 60_000).toISOString();
}

export function contentExample(word: string, mediaType: string): ContentReference {
  return { digest: digestOf(word), bytes: 1000 + word.length, mediaType };
}
