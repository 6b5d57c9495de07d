import bidiFactory from 'bidi-js';
import type { Bidi } from 'bidi-js';
import type { Face, Faces, Shaped, Weight } from './faces.js';

// Its types describe a module; what Node imports is the factory itself.
const bidi = (bidiFactory as unknown as () => Bidi)();

export interface Style {
  readonly weight: Weight;
  /** Points. */
  readonly size: number;
  /** From baseline to baseline, points. */
  readonly leading: number;
  readonly colour: Colour;
}

/** Red, green, blue in [0, 1]. */
export type Colour = readonly [number, number, number];

export interface Line {
  readonly runs: readonly Shaped[];
  /** Points. */
  readonly width: number;
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
/** Controls, bidirectional overrides, zero-width and other invisible signs: shown, never obeyed. */
const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
/** Set by the scribe around names and texts of the other direction (UAX #9, X5c); the only controls that are obeyed. */
const isolates = /[\u2068\u2069]/;

/**
 * Breaks text into lines of at most `width` points. Line feeds break; a word wider than the line is broken anywhere.
 * Directions follow UAX #9 with a left-to-right paragraph.
 */
export function typeset(faces: Faces, text: string, style: Style, width: number): readonly Line[] {
  const chain = faces.chain(style.weight);
  return text
    .toWellFormed()
    .split(/\r\n|\n|\r/)
    .flatMap((paragraph) => breakLines(chain, printable(chain, paragraph), style, width));
}

/** At most `most` lines of at most `width` points, with an ellipsis where the text was cut. */
export function typesetWithin(faces: Faces, text: string, style: Style, width: number, most: number): readonly Line[] {
  const flat = text.replaceAll(/\s+/g, ' ');
  const whole = typeset(faces, flat, style, width);
  const fits = (lines: readonly Line[]) => lines.length <= most && lines.every((line) => line.width <= width + 0.01);
  if (fits(whole)) return whole;
  const letters = [...flat];
  let low = 0;
  let high = letters.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(typeset(faces, `${letters.slice(0, middle).join('')}…`, style, width))) low = middle;
    else high = middle - 1;
  }
  return typeset(faces, `${letters.slice(0, low).join('').trimEnd()}…`, style, width);
}

export function typesetOneLine(faces: Faces, text: string, style: Style, width: number): Line {
  return typesetWithin(faces, text, style, width, 1)[0] ?? { runs: [], width: 0 };
}

/** The parts of a long word: after signs that join words, and before a capital (`ReauthenticationRequired`). */
const joints = /(?:[A-Z]+[^-/@:._A-Z\s]*|[^-/@:._A-Z\s]+)[-/@:._]*\s*|[-/@:._]+\s*|\s+/g;

/** Replaces what cannot be seen or has no glyph by its code point. */
function printable(chain: readonly Face[], text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  let shown = '';
  for (const letter of text) {
    const codePoint = letter.codePointAt(0)!;
    if (letter === '\t' || letter === '\u00a0') shown += ' ';
    else if (isolates.test(letter)) shown += letter;
    else if (invisible.test(letter) || !chain.some((face) => face.has(codePoint)))
      shown += `<U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}>`;
    else shown += letter;
  }
  return shown;
}

function breakLines(chain: readonly Face[], text: string, style: Style, width: number): Line[] {
  if (text === '') return [{ runs: [], width: 0 }];
  const scale = style.size / 1000;
  if (text.length < 400 && /^[ -~]*$/.test(text)) {
    // Most of a dossier: plain letters of one face that fit on one line.
    const runs =
      chain[0]!.name === 'mono'
        ? [chain[0]!.shape(text)]
        : [...text.matchAll(/ +|[^ ]+/g)].map(([word]) => chain[0]!.shape(word));
    const whole = runs.reduce((sum, run) => sum + run.width, 0) * scale;
    if (whole <= width) return [{ runs, width: whole }];
  }
  const mixed = rightToLeft.test(text);
  const { levels } = mixed ? bidi.getEmbeddingLevels(text, 'ltr') : { levels: undefined };
  const lines: Line[] = [];
  let start = 0;
  let end = 0;
  let used = 0;
  const close = (to: number) => {
    lines.push(compose(chain, text, start, trimmed(text, start, to), scale, levels));
    start = to;
    used = 0;
  };
  for (const [word] of text.matchAll(/\S+\s*|\s+/g)) {
    const visible = word.trimEnd();
    const visibleWidth = measure(chain, visible) * scale;
    if (used + visibleWidth > width && used > 0) close(end);
    if (visibleWidth > width) {
      // Wider than a whole line: broken after signs that join words, else letter by letter.
      let at = end;
      for (const [part] of word.matchAll(joints)) {
        const partWidth = measure(chain, part) * scale;
        if (partWidth <= width) {
          if (used + partWidth > width && at > start) close(at);
          used += partWidth;
          at += part.length;
        } else
          for (const letter of part) {
            const letterWidth = measure(chain, letter) * scale;
            if (used + letterWidth > width && at > start) close(at);
            used += letterWidth;
            at += letter.length;
          }
      }
    } else used += visibleWidth + measure(chain, word.slice(visible.length)) * scale;
    end += word.length;
  }
  if (start < text.length || lines.length === 0) close(text.length);
  return lines;
}

function trimmed(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && text[last - 1] === ' ') last -= 1;
  return last;
}

function measure(chain: readonly Face[], text: string): number {
  let width = 0;
  for (const { face, from, to } of faceRuns(chain, text, 0, text.length))
    width += face.shape(text.slice(from, to)).width;
  return width;
}

interface FaceRun {
  readonly face: Face;
  readonly from: number;
  readonly to: number;
  readonly level: number;
}

function* faceRuns(
  chain: readonly Face[],
  text: string,
  start: number,
  end: number,
  levels?: Uint8Array,
): Generator<FaceRun> {
  let from = start;
  let face: Face | undefined;
  let level = 0;
  for (let at = start; at < end;) {
    const codePoint = text.codePointAt(at)!;
    const size = codePoint > 0xffff ? 2 : 1;
    if (codePoint === 0x2068 || codePoint === 0x2069) {
      if (face && from < at) yield { face, from, to: at, level };
      face = undefined;
      from = at += size;
      continue;
    }
    const next = face && codePoint !== 0x20 && !face.has(codePoint) ? undefined : face;
    const chosen = next ?? chain.find((candidate) => candidate.has(codePoint)) ?? chain[0]!;
    const nextLevel = levels?.[at] ?? 0;
    // A Latin letter returns to the first face, so that a fallback face never runs on past its script.
    const wanted = chosen !== chain[0] && chain[0]!.has(codePoint) && codePoint !== 0x20 ? chain[0]! : chosen;
    if (face !== undefined && (wanted !== face || nextLevel !== level)) {
      yield { face, from, to: at, level };
      from = at;
    }
    face = wanted;
    level = nextLevel;
    at += size;
  }
  if (face && from < end) yield { face, from, to: end, level };
}

function compose(
  chain: readonly Face[],
  text: string,
  start: number,
  end: number,
  scale: number,
  levels: Uint8Array | undefined,
): Line {
  const logical = [...faceRuns(chain, text, start, end, levels)];
  const runs = (levels ? visualOrder(logical) : logical).flatMap((run) => shapeRun(text, run));
  return { runs, width: runs.reduce((sum, run) => sum + run.width, 0) * scale };
}

function shapeRun(text: string, { face, from, to, level }: FaceRun): Shaped[] {
  const part = text.slice(from, to);
  if (level % 2 === 0) {
    // Word by word: the shaped words are reused all over the document.
    if (face.name === 'mono') return [face.shape(part)];
    return [...part.matchAll(/\S+|\s+/g)].map(([word]) => face.shape(word));
  }
  const mirrored = [...part].map((letter) => bidi.getMirroredCharacter(letter) ?? letter).join('');
  // The shaper reverses scripts that run right to left; signs without a script of their own are reversed here.
  return [face.shape(rightToLeft.test(part) ? mirrored : [...mirrored].reverse().join(''), true)];
}

/** UAX #9, rule L2, on runs. */
function visualOrder(runs: readonly FaceRun[]): FaceRun[] {
  const ordered = [...runs];
  const highest = Math.max(...runs.map(({ level }) => level));
  for (let level = highest; level >= 1; level -= 1)
    for (let from = 0; from < ordered.length; from += 1) {
      if (ordered[from]!.level < level) continue;
      let to = from;
      while (to + 1 < ordered.length && ordered[to + 1]!.level >= level) to += 1;
      ordered.splice(from, to - from + 1, ...ordered.slice(from, to + 1).reverse());
      from = to;
    }
  return ordered;
}
