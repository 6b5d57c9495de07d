import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Fonts: IBM Plex (OFL-1.1), embedded as subsets. Latin, Greek, Cyrillic and Vietnamese from Plex Sans, Arabic and
 * Hebrew from their own cuts. A character that none of them has is printed as its code point, `<U+4E2D>`: the JSON twin
 * holds it as it is.
 */
const require = createRequire(import.meta.url);
const files = {
  regular: ['ibm-plex-sans', '400Regular/IBMPlexSans_400Regular.ttf'],
  medium: ['ibm-plex-sans', '600SemiBold/IBMPlexSans_600SemiBold.ttf'],
  light: ['ibm-plex-sans', '300Light/IBMPlexSans_300Light.ttf'],
  mono: ['ibm-plex-mono', '400Regular/IBMPlexMono_400Regular.ttf'],
  arabic: ['ibm-plex-sans-arabic', '400Regular/IBMPlexSansArabic_400Regular.ttf'],
  hebrew: ['ibm-plex-sans-hebrew', '400Regular/IBMPlexSansHebrew_400Regular.ttf'],
} as const;

export type Weight = 'regular' | 'medium' | 'light' | 'mono';
type FaceName = keyof typeof files;

/** What pdfkit's embedded font gives; its own types leave it out. */
interface EmbeddedFont {
  readonly id: string;
  readonly ascender: number;
  readonly descender: number;
  readonly font: { hasGlyphForCodePoint(codePoint: number): boolean };
  encode(text: string, features?: readonly string[]): [string[], GlyphPosition[]];
  ref(): object;
}

interface GlyphPosition {
  readonly xAdvance: number;
  readonly xOffset: number;
  readonly yOffset: number;
  readonly advanceWidth: number;
}

interface FontHost {
  registerFont(name: string, source: Uint8Array): unknown;
  font(name: string): unknown;
  readonly _font: EmbeddedFont;
}

/**
 * Glyphs ready to be shown, at any size: `show` is the inside of a TJ array in Latin-1 (two bytes a glyph), `rise` in
 * thousandths of the size.
 */
export interface Shaped {
  readonly face: Face;
  readonly parts: readonly { readonly rise: number; readonly show: string }[];
  /** In thousandths of the size. */
  readonly width: number;
}

/** Latin, Greek, Cyrillic and punctuation without combining marks. */
const sideBySide =
  /^[ -~\u00a0-\u02af\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u22ff]*$/;

export class Face {
  readonly #shaped = new Map<string, Shaped>();
  readonly #glyphs = new Map<string, { readonly code: string; readonly width: number } | null>();
  readonly #pairs = new Map<string, number>();
  readonly #known = new Map<number, boolean>();

  constructor(
    readonly name: FaceName,
    readonly embedded: EmbeddedFont,
  ) {}

  has(codePoint: number): boolean {
    let known = this.#known.get(codePoint);
    if (known === undefined) this.#known.set(codePoint, (known = this.embedded.font.hasGlyphForCodePoint(codePoint)));
    return known;
  }

  /**
   * `whole` lays the text out as one run by the font's own rules (scripts that join, stack or run right to left).
   * Letters that stand one beside the other are set from single glyphs and the kerning of each pair, both asked of the
   * font once: a dossier is mostly digests, times and numbers that never come again.
   */
  shape(text: string, whole = false): Shaped {
    const simple = !whole && sideBySide.test(text);
    if (simple && (this.name === 'mono' || text.length > 24 || /\d/.test(text))) return this.#letters(text);
    const key = whole ? `\u0000${text}` : text;
    let shaped = this.#shaped.get(key);
    if (!shaped) {
      shaped = simple ? this.#letters(text) : this.#encode(text);
      if (text.length <= 24) this.#shaped.set(key, shaped);
    }
    return shaped;
  }

  #encode(text: string): Shaped {
    const [codes, positions] = this.embedded.encode(text, []);
    const parts: { rise: number; show: string }[] = [];
    let show = '';
    let rise = 0;
    let glyphs = '';
    let width = 0;
    const close = () => {
      if (glyphs) show += `(${glyphs})`;
      glyphs = '';
    };
    const move = (by: number) => {
      if (Math.abs(by) < 0.001) return;
      close();
      show += ` ${tidy(-by)} `;
    };
    for (const [index, position] of positions.entries()) {
      if (position.yOffset !== rise) {
        close();
        if (show) parts.push({ rise, show });
        show = '';
        rise = position.yOffset;
      }
      move(position.xOffset);
      glyphs += literal(codes[index]!);
      move(position.xAdvance - position.advanceWidth - position.xOffset);
      width += position.xAdvance;
    }
    close();
    if (show) parts.push({ rise, show });
    return { face: this, parts, width };
  }

  #letters(text: string): Shaped {
    let show = '(';
    let width = 0;
    let before: string | undefined;
    for (const letter of text) {
      const glyph = this.#glyph(letter);
      if (!glyph) return this.#encode(text);
      const kerning = before === undefined || this.name === 'mono' ? 0 : this.#kerning(before, letter);
      if (kerning !== 0) show += `)${tidy(-kerning)}(`;
      show += glyph.code;
      width += glyph.width + kerning;
      before = letter;
    }
    return { face: this, parts: [{ rise: 0, show: `${show})` }], width };
  }

  #glyph(letter: string): { readonly code: string; readonly width: number } | undefined {
    let glyph = this.#glyphs.get(letter);
    if (glyph === undefined) {
      const [codes, positions] = this.embedded.encode(letter, []);
      const [position] = positions;
      glyph = codes.length === 1 ? { code: literal(codes[0]!), width: position!.xAdvance } : null;
      this.#glyphs.set(letter, glyph);
    }
    return glyph ?? undefined;
  }

  /** By how much the second letter is moved, in thousandths; 0 where the font would make one glyph of the two. */
  #kerning(first: string, second: string): number {
    const pair = first + second;
    let kerning = this.#pairs.get(pair);
    if (kerning === undefined && !/^\p{L}[\p{L}.,’]$/u.test(pair)) this.#pairs.set(pair, (kerning = 0));
    if (kerning === undefined) {
      const [codes, positions] = this.embedded.encode(pair, []);
      kerning = codes.length === 2 ? positions[0]!.xAdvance - this.#glyph(first)!.width : 0;
      if (Math.abs(kerning) < 1) kerning = 0;
      this.#pairs.set(pair, kerning);
    }
    return kerning;
  }
}

/** Four hex digits as two bytes of a PDF literal string (ISO 32000-1, 7.3.4.2). */
function literal(code: string): string {
  return [code.slice(0, 2), code.slice(2)]
    .map((digits) => {
      const letter = String.fromCharCode(Number.parseInt(digits, 16));
      if (letter === '\r') return '\\r';
      return letter === '(' || letter === ')' || letter === '\\' ? `\\${letter}` : letter;
    })
    .join('');
}

export interface Faces {
  /** The faces to try for a weight, in order. */
  chain(weight: Weight): readonly Face[];
}

export function openFaces(host: FontHost): Faces {
  const faces = {} as Record<FaceName, Face>;
  for (const [name, [packageName, file]] of Object.entries(files) as [FaceName, readonly [string, string]][]) {
    host.registerFont(name, fontFile(packageName, file));
    host.font(name);
    faces[name] = new Face(name, host._font);
  }
  const chains = new Map<Weight, readonly Face[]>(
    (['regular', 'medium', 'light', 'mono'] as const).map((weight) => [
      weight,
      [...new Set([faces[weight], faces.regular, faces.arabic, faces.hebrew])],
    ]),
  );
  return { chain: (weight) => chains.get(weight)! };
}

/** With some zero bytes behind: fontkit 2.0.4 reads the box of an empty last glyph beyond the end of the file. */
function fontFile(packageName: string, file: string): Uint8Array {
  const folder = dirname(require.resolve(`@expo-google-fonts/${packageName}/package.json`));
  return Buffer.concat([readFileSync(join(folder, file)), Buffer.alloc(16)]);
}

/** Hundredths of a point are finer than any printer. */
export function tidy(number: number): string {
  return String(Math.round(number * 100) / 100);
}
