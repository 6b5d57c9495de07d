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

/** Glyphs ready to be shown, at any size: `show` is the inside of a TJ array, `rise` in thousandths of the size. */
export interface Shaped {
  readonly face: Face;
  readonly parts: readonly { readonly rise: number; readonly show: string }[];
  /** In thousandths of the size. */
  readonly width: number;
}

/** Plex's figures all have one width and are not kerned. */
const figures = /^[0-9][0-9.,:]*$/;

export class Face {
  readonly #shaped = new Map<string, Shaped>();
  readonly #glyphs = new Map<string, { readonly code: string; readonly width: number }>();
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

  /** `whole` lays the text out as one run (scripts that join or run right to left); words are kept for reuse. */
  shape(text: string, whole = false): Shaped {
    if (!whole && (this.name === 'mono' || figures.test(text))) return this.#letters(text);
    const key = whole ? `\u0000${text}` : text;
    const known = this.#shaped.get(key);
    if (known) return known;
    const shaped = this.#encode(text, whole);
    if (text.length <= 24) this.#shaped.set(key, shaped);
    return shaped;
  }

  #encode(text: string, whole: boolean): Shaped {
    const [codes, positions] = whole ? this.embedded.encode(text, []) : this.embedded.encode(text);
    const parts: { rise: number; show: string }[] = [];
    let show = '';
    let rise = 0;
    let hex = '';
    let width = 0;
    const closeHex = () => {
      if (hex) show += `<${hex}>`;
      hex = '';
    };
    const move = (by: number) => {
      if (Math.abs(by) < 0.001) return;
      closeHex();
      show += ` ${tidy(-by)} `;
    };
    for (const [index, position] of positions.entries()) {
      if (position.yOffset !== rise) {
        closeHex();
        if (show) parts.push({ rise, show });
        show = '';
        rise = position.yOffset;
      }
      move(position.xOffset);
      hex += codes[index];
      move(position.xAdvance - position.advanceWidth - position.xOffset);
      width += position.xAdvance;
    }
    closeHex();
    if (show) parts.push({ rise, show });
    return { face: this, parts, width };
  }

  /** Letter by letter: digests, times and numbers differ each time, and their letters do not touch each other. */
  #letters(text: string): Shaped {
    let hex = '';
    let width = 0;
    for (const letter of text) {
      let one = this.#glyphs.get(letter);
      if (!one) {
        const { parts, width } = this.#encode(letter, true);
        if (parts.length !== 1 || !/^<[0-9a-f]{4}>$/.test(parts[0]!.show)) return this.#encode(text, true);
        this.#glyphs.set(letter, (one = { code: parts[0]!.show.slice(1, 5), width }));
      }
      hex += one.code;
      width += one.width;
    }
    return { face: this, parts: [{ rise: 0, show: `<${hex}>` }], width };
  }
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

export function tidy(number: number): string {
  return String(Math.round(number * 1000) / 1000);
}
