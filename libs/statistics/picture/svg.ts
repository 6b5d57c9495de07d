/** A bar with an interval, as `barChart` draws it. */
export interface Bar {
  readonly label: string;
  readonly value: number | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Written behind the bar, e.g. n. */
  readonly note?: string;
}

export interface BarPanel {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Dashed line, e.g. a threshold. */
  readonly mark?: number | undefined;
  readonly maximum?: number | undefined;
}

const width = 760;
const left = 210;
const right = 150;
/** Characters that fit left of the bars. */
const longestLabel = 28;

/** Horizontal bars with whiskers, one panel under the other; an undefined value is written as such. Plain SVG 1.1. */
export function barChart(title: string, panels: readonly BarPanel[]): string {
  let y = 44;
  const parts: string[] = [];
  for (const { title: own, bars, mark, maximum } of panels) {
    const top =
      maximum ??
      niceMaximum(
        Math.max(mark ?? 0, ...bars.map(({ value, high }) => Math.max(value ?? 0, Number.isFinite(high) ? high! : 0))),
      );
    const x = (value: number): number => left + (Math.min(Math.max(value, 0), top) / top) * (width - left - right);
    parts.push(text(16, y + 4, own, 'font-weight="600"'));
    const start = y + 16;
    y = start;
    for (const { label, value, low, high, note } of bars) {
      parts.push(text(left - 10, y + 14, label, 'text-anchor="end"', longestLabel));
      if (value === undefined) parts.push(text(left + 6, y + 14, 'undefined', 'fill="#777" font-style="italic"'));
      else {
        parts.push(
          `<rect x="${left}" y="${y + 3}" width="${Math.max(0.5, x(value) - left).toFixed(2)}" height="14" fill="#4878a8"/>`,
        );
        if (low !== undefined && high !== undefined)
          parts.push(
            `<path d="M${x(low).toFixed(2)} ${y + 10}H${x(high).toFixed(2)}M${x(low).toFixed(2)} ${y + 6}v8M${x(high).toFixed(2)} ${y + 6}v8" stroke="#222" fill="none"/>`,
          );
        parts.push(text(width - right + 10, y + 14, `${shown(value)}${note ? `   ${note}` : ''}`));
      }
      y += 22;
    }
    if (mark !== undefined)
      parts.push(
        `<path d="M${x(mark).toFixed(2)} ${start}V${y}" stroke="#b03030" stroke-dasharray="4 3"/>`,
        text(x(mark), y + 12, shown(mark), 'text-anchor="middle" fill="#b03030"'),
      );
    // The ends of the scale, where the mark's number does not stand.
    for (const end of [0, top])
      if (mark === undefined || Math.abs(x(mark) - x(end)) > 40)
        parts.push(text(x(end), y + 12, shown(end), 'text-anchor="middle" fill="#777" font-size="10"'));
    parts.push(`<path d="M${left} ${start}V${y}M${left} ${y}H${width - right}" stroke="#222"/>`);
    y += 34;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="Helvetica, Arial, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${text(16, 24, title, 'font-size="15" font-weight="600"')}
${parts.join('\n')}
</svg>
`;
}

function niceMaximum(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (
    [1, 1.5, 2, 3, 5, 7.5, 10].map((factor) => factor * power).find((candidate) => candidate >= value * 1.02) ??
    value * 1.1
  );
}

/** Four digits. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** A text of at most so many characters, with nothing in it that SVG would take for something else. */
export function text(x: number, y: number, content: string, attributes = '', most = 80): string {
  const plain = content.replaceAll(/[^\t\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '�');
  const short = plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
  const safe = short.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${Number(x.toFixed(2))}" y="${y}" ${attributes}>${safe}</text>`;
}
