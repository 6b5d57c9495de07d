import type { Tone } from '../content.js';
import type { Colour, Style } from './typesetting.js';

/** One grid, four sizes, one accent. Points. */
export const page = { left: 54, right: 54, top: 70, bottom: 62 } as const;

const hex = (text: string): Colour =>
  [0, 2, 4].map((at) => Number.parseInt(text.slice(at, at + 2), 16) / 255) as unknown as Colour;

export const ink = hex('1b1f24');
export const quiet = hex('5c6670');
export const hairline = hex('c9ced4');
export const wash = hex('f3f5f7');
export const accent = hex('1d3f66');
const adverse = hex('9a1b1b');
const favourable = hex('1c6137');
const attention = hex('7a5200');
export const gapWash = hex('fbf3df');

export const toneColour: Readonly<Record<Tone, Colour>> = { adverse, favourable, attention };

const style = (weight: Style['weight'], size: number, leading: number, colour: Colour = ink): Style => ({
  weight,
  size,
  leading,
  colour,
});

export const styles = {
  display: style('light', 26, 31, ink),
  section: style('medium', 15, 19, accent),
  heading: style('medium', 10.5, 14, ink),
  body: style('regular', 9, 12.6),
  label: style('regular', 8.6, 12, quiet),
  value: style('regular', 8.6, 12),
  valueCode: style('mono', 6.5, 12),
  caption: style('medium', 8, 11, quiet),
  head: style('medium', 7.4, 9.6, quiet),
  cell: style('regular', 8, 10.4),
  cellCode: style('mono', 6.4, 8.6),
  reference: style('mono', 5.6, 7.4, accent),
  folio: style('regular', 7, 9, quiet),
  folioCode: style('mono', 5.6, 9, quiet),
  chart: style('regular', 7.4, 9.4),
  chartQuiet: style('regular', 6.6, 8.6, quiet),
} as const;

/** Short words of a verdict are set in semibold; a whole sentence only takes the colour. */
export function toned(base: Style, tone: Tone | undefined, text: string): Style {
  if (!tone) return base;
  return {
    ...base,
    weight: base.weight === 'mono' || text.length > 48 ? base.weight : 'medium',
    colour: toneColour[tone],
  };
}
