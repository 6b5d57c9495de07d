import { canonicalJson } from '../signing/index.js';
import type { Json } from '../signing/index.js';
import type { Block, Cell, Citation, Fact, Gap, Label, Section, TableBlock, Tone } from './content.js';
import { shortId, time } from './format.js';
import { createHistory } from './history.js';
import type { History } from './history.js';
import { resolvePointer } from './pointer.js';
import type { DossierEvent, DossierInput } from './source.js';

interface FactOptions {
  readonly tone?: Tone;
  readonly code?: boolean;
}

/**
 * Writes facts: each one cites its event and, where it repeats a stored value, says at which place of the stored
 * bytes that value stands. Remembers every gap, so that all of them stand together in one section as well.
 */
export interface Scribe {
  readonly input: DossierInput;
  readonly history: History;
  /** The value at `at` of the event, in words; a gap named `missing` where the event does not hold it. */
  fact(
    event: DossierEvent,
    at: string,
    words?: (value: never) => string,
    options?: FactOptions & { missing?: string },
  ): Cell;
  /** What follows from one or more events without standing in one of them word for word. */
  derived(events: readonly DossierEvent[], text: string, options?: FactOptions): Fact;
  person(event: DossierEvent, at: string): Cell;
  /** The name of an identity, or what stands for it. */
  nameOf(identityId: string): string;
  /** The text behind a salted digest; says so when it was erased or is withheld. */
  disclosed(event: DossierEvent, at: string, missing?: string): Cell;
  time(event: DossierEvent, at: string): Cell;
  recordedAt(event: DossierEvent): Fact;
  gap(text: string): Gap;
  /** Nothing of a kind that need not be there (an incident, a refusal): not a gap. */
  none(text: string): Label;
  label(text: string): Label;
  section(id: string, title: string, blocks: () => readonly Block[]): Section;
  /** Identities and disclosed texts that have been printed: no other name or text goes into the dossier. */
  readonly named: ReadonlySet<string>;
  readonly disclosedTexts: ReadonlySet<string>;
  gaps(): readonly { readonly sectionId: string; readonly sectionTitle: string; readonly text: string }[];
}

export function cite(event: DossierEvent): Citation {
  return { id: event.id, digest: event.digest };
}

export function createScribe(input: DossierInput): Scribe {
  const history = createHistory(input.events);
  const gaps: { sectionId: string; sectionTitle: string; text: string }[] = [];
  const known = new Set<string>();
  const named = new Set<string>();
  const disclosedTexts = new Set<string>();
  let current = { id: '', title: '' };
  const stored = new Map<string, unknown>();

  const storedValue = (event: DossierEvent, at: string): unknown => {
    let document = stored.get(event.id);
    if (!document) {
      document = { data: JSON.parse(event.stored.data), metadata: JSON.parse(event.stored.metadata) };
      stored.set(event.id, document);
    }
    return resolvePointer(document, at);
  };

  const gap = (text: string): Gap => {
    const key = `${current.id}\n${text}`;
    if (!known.has(key)) {
      known.add(key);
      gaps.push({ sectionId: current.id, sectionTitle: current.title, text });
    }
    return { kind: 'gap', text };
  };

  const write = (event: DossierEvent, at: string, text: string, options: FactOptions = {}): Fact => {
    const value = storedValue(event, at);
    // An upcaster may have moved or changed it: then the fact cites the event without claiming a place in its bytes.
    const same = value !== undefined && canonicalJson(value) === canonicalJson(resolvePointer(event, at));
    return {
      kind: 'fact',
      text,
      events: [cite(event)],
      ...(same ? { at, value: value as Json } : {}),
      ...(options.tone ? { tone: options.tone } : {}),
      ...(options.code ? { code: true } : {}),
    };
  };

  const scribe: Scribe = {
    input,
    history,
    gap,
    none: (text) => ({ kind: 'label', text: `None recorded up to this position: ${text}.` }),
    label: (text) => ({ kind: 'label', text }),
    fact(event, at, words, options = {}) {
      const value = resolvePointer(event, at);
      if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0))
        return gap(options.missing ?? at.slice(at.lastIndexOf('/') + 1));
      return write(event, at, words ? words(value as never) : plain(value), options);
    },
    derived: (events, text, options = {}) => ({
      kind: 'fact',
      text,
      events: events.map(cite),
      ...(options.tone ? { tone: options.tone } : {}),
      ...(options.code ? { code: true } : {}),
    }),
    person(event, at) {
      const id = resolvePointer(event, at);
      return typeof id === 'string' ? write(event, at, scribe.nameOf(id)) : gap('person');
    },
    nameOf(identityId) {
      if (identityId === 'anonymous') return 'an anonymous caller';
      named.add(identityId);
      const name = input.people.get(identityId);
      if (name === 'erased') return `person ${shortId(identityId)} (name erased)`;
      if (name !== undefined) return isolated(name);
      const service = history.of('ServiceRegistered').some(({ data }) => data.identityId === identityId);
      return `${service ? 'service' : 'identity'} ${shortId(identityId)} (no name recorded)`;
    },
    disclosed(event, at, missing) {
      const digest = resolvePointer(event, at);
      if (typeof digest !== 'string') return gap(missing ?? 'reason');
      disclosedTexts.add(digest);
      const revealed = input.disclosures.get(digest) ?? 'withheld';
      const text =
        revealed === 'erased'
          ? `[text erased; digest ${digest}]`
          : revealed === 'withheld'
            ? `[text not disclosed to this audience; digest ${digest}]`
            : isolated(revealed.text);
      return { ...write(event, at, text), disclosure: digest };
    },
    time: (event, at) => scribe.fact(event, at, time),
    recordedAt: (event) => scribe.derived([event], time(event.recordedAt)),
    section(id, title, blocks) {
      current = { id, title };
      return { id, title, blocks: blocks() };
    },
    gaps: () => gaps,
    named,
    disclosedTexts,
  };
  return scribe;
}

/**
 * Free text as it may stand inside a sentence: controls and direction marks become visible code points, and text that
 * holds right-to-left letters is isolated (U+2068 … U+2069), so that it cannot turn around what stands beside it.
 */
function isolated(text: string): string {
  const visible = text
    .toWellFormed()
    .replaceAll(
      /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
      (letter) => `<U+${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`,
    );
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(visible) ? `\u2068${visible}\u2069` : visible;
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ');
  return typeof value === 'object' ? canonicalJson(value) : String(value);
}

/** A table, or a word in its place when there is no row. */
export function tableOrNone(scribe: Scribe, table: TableBlock, absent: string): Block {
  return table.rows.length > 0 ? table : { kind: 'paragraph', cells: [scribe.none(absent)] };
}

/** A table, or the gap in its place when there is no row. */
export function tableOr(scribe: Scribe, table: TableBlock, missing: string): Block {
  return table.rows.length > 0 ? table : { kind: 'paragraph', cells: [scribe.gap(missing)] };
}
