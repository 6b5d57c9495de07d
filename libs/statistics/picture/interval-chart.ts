import { shown, text } from './svg.js';

/** A number with its interval, on a line of its own; an end that is undefined or null is open. */
export interface IntervalRow {
  readonly label: string;
  readonly value: number | undefined;
  readonly low?: number | null | undefined;
  readonly high?: number | null | undefined;
  /** Written behind the line: n, or why there is no value. */
  readonly note?: string;
}

const width = 800;
const left = 290;
const right = 190;
const rowHeight = 44;
const longestLabel = 42;

/** Each row on a scale of its own, which 0 is part of, since measures have many units. Plain SVG 1.1. */
export function intervalChart(title: string, rows: readonly IntervalRow[]): string {
  const height = 44 + rows.length * rowHeight;
  const parts = rows.map((row, index) => line(row, 60 + index * rowHeight));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${text(16, 24, title, 'font-size="15" font-weight="600"')}
${parts.join('\n')}
</svg>
`;
}

function line({ label, value, low, high, note }: IntervalRow, y: number): string {
  const name = text(left - 14, y + 4, label, 'text-anchor="end"', longestLabel);
  const behind = (content: string): string => text(width - right + 14, y + 4, content, '', 30);
  if (value === undefined) return name + behind(`undefined${note ? `: ${note}` : ''}`);
  const ends = [0, value, low ?? value, high ?? value];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  // Halved first: the width of the widest scale is beyond a double.
  const share = (at: number): number => (most === least ? 0.5 : (at / 2 - least / 2) / (most / 2 - least / 2));
  const x = (at: number): string => (left + share(at) * (width - left - right)).toFixed(2);
  const [from, to] = [low ?? least, high ?? most];
  const tick = (at: number | null | undefined): string => (typeof at === 'number' ? `M${x(at)} ${y - 5}v10` : '');
  const whisker =
    low === undefined && high === undefined
      ? ''
      : `<path d="M${x(from)} ${y}H${x(to)}${tick(low)}${tick(high)}" stroke="#222" fill="none"/>`;
  const scale = [...new Set([least, 0, most])]
    .filter((at, _, all) => at === 0 || all.every((other) => other !== 0 || Math.abs(share(at) - share(0)) > 0.12))
    .map((at) => text(Number(x(at)), y + 20, shown(at), 'text-anchor="middle" fill="#777" font-size="10"'));
  return [
    name,
    `<path d="M${left} ${y}H${width - right}" stroke="#ccc"/><path d="M${x(0)} ${y - 8}v16" stroke="#999"/>`,
    whisker,
    `<circle cx="${x(value)}" cy="${y}" r="4" fill="#4878a8"/>`,
    ...scale,
    behind(`${shown(value)}${note ? `   ${note}` : ''}`),
  ].join('');
}
