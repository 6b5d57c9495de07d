import type { Decision, ExplainReport } from '#libs/learning';

const width = 760;
const left = 210;
const right = 150;
const most = 15;
const [ink, grey, blue, red] = ['#222', '#777', '#4878a8', '#b5543a'];

/** Importance, mean shares, dependence curves and, where a row was asked for, its shares: plain SVG 1.1. */
export function explainPicture(report: ExplainReport): string {
  const { importance, attribution, dependence, decision } = report;
  const page = new Page();
  page.title('What the model goes by');
  if (!('undefined' in importance))
    page.bars(
      `Fall of ${importance.score} when a feature is shuffled (from ${short(importance.baseline)})`,
      importance.features.map(({ feature, mean, sd }) => ({ label: feature, value: mean, note: `± ${short(sd)}` })),
    );
  for (const { output, columns } of attribution.outputs)
    page.bars(
      `Mean |share| of the ${attribution.space} of ${output} (${attribution.definition}, ${attribution.n} rows)`,
      columns.map(({ column, meanAbsolute }) => ({ label: column, value: meanAbsolute })),
    );
  if (decision) decisionPanels(page, report, decision);
  page.curves(
    `Mean answer if every row had the value (${dependence.definition}, ${dependence.n} rows)`,
    dependence.features,
    report.outputs,
  );
  return page.finish();
}

function decisionPanels(page: Page, { outputs }: ExplainReport, decision: Decision): void {
  const answers = outputs.map((output, k) => `${output} ${short(decision.answer[k]!)}`).join(', ');
  for (const { output, base, score, shares } of decision.attribution.outputs)
    page.bars(
      `Row ${decision.row} (${answers}): ${decision.attribution.space} of ${output} ${short(score)} = ${short(base)} + shares`,
      shares.map(({ column, share }) => ({
        label: decision.values[column] === undefined ? column : `${column} = ${decision.values[column]}`,
        value: share,
      })),
    );
}

interface SignedBar {
  readonly label: string;
  readonly value: number;
  readonly note?: string;
}

class Page {
  private readonly parts: string[] = [];
  private y = 24;

  title(content: string): void {
    this.parts.push(text(16, this.y, content, 'font-size="15" font-weight="600"'));
    this.y += 32;
  }

  /** Bars to both sides of 0, at most fifteen. */
  bars(title: string, bars: readonly SignedBar[]): void {
    const own = bars.slice(0, most);
    const low = Math.min(0, ...own.map(({ value }) => value));
    const high = Math.max(0, ...own.map(({ value }) => value));
    const range = high - low || 1;
    const x = (value: number): number => left + ((value - low) / range) * (width - left - right);
    this.parts.push(text(16, this.y, title, 'font-weight="600"'));
    this.y += 12;
    const start = this.y;
    for (const { label, value, note } of own) {
      const from = Math.min(x(0), x(value));
      const length = Math.max(0.5, Math.abs(x(value) - x(0)));
      this.parts.push(
        text(left - 10, this.y + 14, label, 'text-anchor="end"'),
        `<rect x="${from.toFixed(2)}" y="${this.y + 3}" width="${length.toFixed(2)}" height="14" fill="${value < 0 ? red : blue}"/>`,
        text(width - right + 10, this.y + 14, `${short(value)}${note ? `   ${note}` : ''}`),
      );
      this.y += 22;
    }
    this.parts.push(`<path d="M${x(0).toFixed(2)} ${start}V${this.y}" stroke="${ink}"/>`);
    if (bars.length > most) {
      this.parts.push(text(left, this.y + 14, `… and ${bars.length - most} more`, `fill="${grey}"`));
      this.y += 18;
    }
    this.y += 30;
  }

  /** Small panels, three beside each other, all with one scale of answers. */
  curves(title: string, features: ExplainReport['dependence']['features'], outputs: readonly string[]): void {
    this.parts.push(text(16, this.y, title, 'font-weight="600"'));
    this.y += 14;
    const means = features.flatMap(({ points }) => points.flatMap((point) => point.means));
    const [low, high] = [Math.min(...means), Math.max(...means)];
    const [panelWidth, panelHeight, gap] = [200, 92, 48];
    features.forEach(({ feature, points }, index) => {
      const column = index % 3;
      if (column === 0 && index > 0) this.y += panelHeight + 58;
      const x0 = 60 + column * (panelWidth + gap - 16);
      const y0 = this.y + 22;
      const y = (mean: number): number => y0 + panelHeight - ((mean - low) / (high - low || 1)) * panelHeight;
      const numbers = points.map(({ value }) => value).filter((value) => typeof value === 'number');
      const isNumeric = numbers.length === points.length && points.length > 1;
      const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
      const place = (value: number | string | null, i: number): number =>
        x0 +
        (isNumeric
          ? ((Number(value) - least) / (greatest - least)) * panelWidth
          : ((i + 0.5) / points.length) * panelWidth);
      this.parts.push(
        text(x0, y0 - 8, feature),
        `<path d="M${x0} ${y0}V${y0 + panelHeight}H${x0 + panelWidth}" stroke="${grey}" fill="none"/>`,
      );
      if (column === 0)
        this.parts.push(
          text(x0 - 6, y0 + 8, short(high), `text-anchor="end" fill="${grey}" font-size="10"`),
          text(x0 - 6, y0 + panelHeight, short(low), `text-anchor="end" fill="${grey}" font-size="10"`),
        );
      outputs.forEach((_, k) => {
        const colour = outputs.length === 1 ? blue : `hsl(${(k * 137) % 360},45%,42%)`;
        const path = points.map(({ value, means: own }, i) => `${place(value, i).toFixed(1)} ${y(own[k]!).toFixed(1)}`);
        if (isNumeric)
          this.parts.push(`<path d="M${path.join('L')}" stroke="${colour}" fill="none" stroke-width="1.5"/>`);
        for (const dot of path)
          this.parts.push(`<circle cx="${dot.split(' ')[0]}" cy="${dot.split(' ')[1]}" r="2.2" fill="${colour}"/>`);
      });
      const labels: [number, string, string][] = isNumeric
        ? [
            [x0, short(least), 'start'],
            [x0 + panelWidth, short(greatest), 'end'],
          ]
        : points.slice(0, 8).map(({ value }, i) => [place(value, i), String(value).slice(0, 12), 'middle']);
      for (const [at, label, anchor] of labels)
        this.parts.push(
          text(at, y0 + panelHeight + 14, label, `text-anchor="${anchor}" fill="${grey}" font-size="10"`),
        );
    });
    this.y += panelHeight + 60;
    if (outputs.length > 1) {
      outputs.slice(0, 12).forEach((output, k) => {
        this.parts.push(
          text(60 + (k % 6) * 110, this.y + Math.floor(k / 6) * 16, output, `fill="hsl(${(k * 137) % 360},45%,42%)"`),
        );
      });
      this.y += 16 * Math.ceil(Math.min(outputs.length, 12) / 6) + 8;
    }
  }

  finish(): string {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${this.y}" viewBox="0 0 ${width} ${this.y}" font-family="Helvetica, Arial, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${this.parts.join('\n')}
</svg>
`;
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const cut = content.length > 100 ? `${content.slice(0, 99)}…` : content;
  const safe = cut.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${Number(x.toFixed(2))}" y="${y}" ${attributes}>${safe}</text>`;
}
