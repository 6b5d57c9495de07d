/** A line, or dots, through points of a panel. */
export interface Series {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly style: 'line' | 'dots';
}

export interface LinePanel {
  readonly title: string;
  readonly horizontal: string;
  readonly series: readonly Series[];
}

const width = 760;
const height = 230;
const left = 70;
const right = 190;
const colours = ['#4878a8', '#c06030', '#4a8a50', '#80509a', '#8a7a30', '#606060'];

/** Panels of lines and dots, one under the other, each with its own axes. Plain SVG 1.1. */
export function lineChart(title: string, panels: readonly LinePanel[]): string {
  const parts = panels.map((panel, index) => panelOf(panel, 44 + index * (height + 50)));
  const total = 44 + panels.length * (height + 50);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" font-family="Helvetica, Arial, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${text(16, 24, title, 'font-size="15" font-weight="600"')}
${parts.join('\n')}
</svg>
`;
}

function panelOf({ title, horizontal, series }: LinePanel, top: number): string {
  const all = series.flatMap(({ points }) => points);
  const parts = [text(16, top + 4, title, 'font-weight="600"')];
  if (all.length === 0) return [...parts, text(left, top + 40, 'nothing to show', 'fill="#777"')].join('\n');
  const [x0, x1] = bounds(all.map(([x]) => x));
  const [y0, y1] = bounds(all.map(([, y]) => y));
  const x = (value: number): number => left + ((value - x0) / (x1 - x0)) * (width - left - right);
  const y = (value: number): number => top + height - 10 - ((value - y0) / (y1 - y0)) * (height - 40);
  for (const tick of ticks(y0, y1))
    parts.push(
      `<path d="M${left} ${fixed(y(tick))}H${width - right}" stroke="#ddd"/>`,
      text(left - 8, y(tick) + 4, shown(tick), 'text-anchor="end" fill="#555"'),
    );
  for (const tick of ticks(x0, x1))
    parts.push(text(x(tick), top + height + 8, shown(tick), 'text-anchor="middle" fill="#555"'));
  parts.push(
    `<path d="M${left} ${top + 20}V${top + height - 10}H${width - right}" stroke="#222" fill="none"/>`,
    text((left + width - right) / 2, top + height + 24, horizontal, 'text-anchor="middle"'),
  );
  series.forEach(({ label, points, style }, index) => {
    const colour = colours[index % colours.length]!;
    if (style === 'line') {
      const path = points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${fixed(x(px))} ${fixed(y(py))}`).join('');
      parts.push(`<path d="${path}" stroke="${colour}" stroke-width="1.8" fill="none"/>`);
    }
    if (style === 'dots' || points.length < 40)
      for (const [px, py] of points)
        parts.push(`<circle cx="${fixed(x(px))}" cy="${fixed(y(py))}" r="3" fill="${colour}" fill-opacity="0.75"/>`);
    const at = top + 30 + index * 18;
    parts.push(`<circle cx="${width - right + 18}" cy="${at - 4}" r="4" fill="${colour}"/>`);
    parts.push(text(width - right + 28, at, label));
  });
  return parts.join('\n');
}

function bounds(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high > low
    ? [low, high]
    : [low - Math.max(0.5, Math.abs(low) / 10), high + Math.max(0.5, Math.abs(high) / 10)];
}

/** About five round numbers between. */
function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${safe.length > 60 ? `${safe.slice(0, 59)}…` : safe}</text>`;
}
