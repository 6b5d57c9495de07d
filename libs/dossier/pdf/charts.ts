import type { IntervalChart, TrafficChart } from '../content.js';
import { basisPoints, decimal, time } from '../format.js';
import { tidy } from './faces.js';
import type { Sheet } from './sheet.js';
import { accent, hairline, ink, quiet, styles, toneColour, wash } from './styles.js';
import type { Colour } from './typesetting.js';
import { typesetOneLine } from './typesetting.js';

const labelWidth = 132;
const textWidth = 104;

/** Dots with their confidence intervals on one scale; a diamond marks what failed, so that colour is never alone. */
export function drawIntervals(sheet: Sheet, chart: IntervalChart): void {
  const { paper } = sheet;
  const pitch = 17;
  const height = 26 + chart.rows.length * pitch + 22;
  sheet.skip(4);
  sheet.ensure(height + 14);
  caption(sheet, chart.caption);
  const top = sheet.y;
  const plot = {
    left: sheet.left + labelWidth,
    right: sheet.left + sheet.width - textWidth,
    top: top + (chart.limit ? 13 : 4),
  };
  const bottom = plot.top + chart.rows.length * pitch;
  const { low, high } = chart.scale;
  const x = (value: number) =>
    plot.left + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (plot.right - plot.left);
  const figure = paper.tagged(
    'Figure',
    () => {
      paper.fill(plot.left, plot.top, plot.right - plot.left, bottom - plot.top, wash);
      for (const tick of ticks(low, high)) {
        paper.rule(x(tick), plot.top, x(tick), bottom, [1, 1, 1], 0.8);
        centred(sheet, decimalTick(tick), x(tick), bottom + 2);
      }
      if (chart.limit) {
        paper.rule(x(chart.limit.value), plot.top - 3, x(chart.limit.value), bottom, ink, 0.9, '2.4 1.8');
        centred(sheet, `threshold ${chart.limit.text}`, x(chart.limit.value), plot.top - 12);
      }
      for (const [index, row] of chart.rows.entries()) {
        const middle = plot.top + (index + 0.5) * pitch;
        const colour: Colour = row.tone ? toneColour[row.tone] : accent;
        sheet.draw(
          [typesetOneLine(paper.faces, row.label, styles.chart, labelWidth - 8)],
          sheet.left,
          middle - 5,
          styles.chart,
        );
        if (row.low !== undefined && row.high !== undefined) {
          paper.rule(x(row.low), middle, x(row.high), middle, colour, 1.4);
          for (const end of [row.low, row.high]) paper.rule(x(end), middle - 3, x(end), middle + 3, colour, 1.1);
        }
        if (row.value !== undefined) mark(sheet, x(row.value), middle, colour, row.tone === 'adverse');
        const words = {
          ...styles.chart,
          colour: row.tone ? colour : ink,
          weight: row.tone ? ('medium' as const) : ('regular' as const),
        };
        sheet.draw([typesetOneLine(paper.faces, row.text, words, textWidth - 8)], plot.right + 8, middle - 5, words);
      }
    },
    { alt: chart.summary, bbox: [sheet.left, top, sheet.left + sheet.width, bottom + 14] },
  );
  sheet.push(figure);
  sheet.y = bottom + 22;
}

function mark(sheet: Sheet, x: number, y: number, colour: Colour, diamond: boolean): void {
  const r = 3.2;
  const points = diamond
    ? [
        [x, y - r - 0.8],
        [x + r + 0.8, y],
        [x, y + r + 0.8],
        [x - r - 0.8, y],
      ]
    : Array.from({ length: 16 }, (_, index) => [x + r * circle[index]![0], y + r * circle[index]![1]]);
  sheet.paper.path(
    `${points.map(([px, py], index) => `${tidy(px!)} ${tidy(py!)} ${index === 0 ? 'm' : 'l'}`).join(' ')} h`,
    'f',
    colour,
  );
}

const half = Math.SQRT1_2;
const eighth = [0.923_879_532_511_286_7, 0.382_683_432_365_089_8] as const;
/** Sixteen points of the unit circle. */
const circle: readonly (readonly [number, number])[] = [
  [1, 0],
  [eighth[0], eighth[1]],
  [half, half],
  [eighth[1], eighth[0]],
  [0, 1],
  [-eighth[1], eighth[0]],
  [-half, half],
  [-eighth[0], eighth[1]],
  [-1, 0],
  [-eighth[0], -eighth[1]],
  [-half, -half],
  [-eighth[1], -eighth[0]],
  [0, -1],
  [eighth[1], -eighth[0]],
  [half, -half],
  [eighth[0], -eighth[1]],
];

function ticks(low: number, high: number): number[] {
  const span = high - low;
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const list: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9; index += 1) list.push(index * step);
  return list;
}

const decimalTick = (value: number) => (Number.isInteger(value) ? String(value) : decimal(value).replace(/0+$/, ''));

function centred(sheet: Sheet, text: string, x: number, y: number): void {
  const line = typesetOneLine(sheet.paper.faces, text, styles.chartQuiet, 200);
  sheet.draw([line], x - line.width / 2, y, styles.chartQuiet);
}

function caption(sheet: Sheet, text: string): void {
  sheet.text('Caption', text, styles.caption);
  sheet.y += 3;
}

/** One band per endpoint and version; the height of a bar is its share of traffic. */
export function drawTraffic(sheet: Sheet, chart: TrafficChart): void {
  const { paper } = sheet;
  const pitch = 26;
  const label = 190;
  sheet.skip(4);
  sheet.ensure(20 + Math.min(chart.bands.length, 12) * pitch + 26);
  caption(sheet, chart.caption);
  const start = Date.parse(chart.from);
  const span = Math.max(1, Date.parse(chart.to) - start);
  const left = sheet.left + label;
  const width = sheet.width - label;
  const x = (text: string) => left + ((Date.parse(text) - start) / span) * width;
  for (let from = 0; from < chart.bands.length; from += 12) {
    const bands = chart.bands.slice(from, from + 12);
    sheet.ensure(bands.length * pitch + 20);
    const top = sheet.y;
    const bottom = top + bands.length * pitch;
    const figure = paper.tagged(
      'Figure',
      () => {
        for (const [index, band] of bands.entries()) {
          const base = top + (index + 1) * pitch - 3;
          const tall = pitch - 7;
          paper.fill(left, base - tall, width, tall, wash);
          sheet.draw(
            sheet.lines(band.label, styles.chart, label - 10).slice(0, 2),
            sheet.left,
            base - tall + 1,
            styles.chart,
          );
          for (const bar of band.spans) {
            const barLeft = x(bar.from);
            const barWidth = Math.max(0.6, x(bar.to) - barLeft);
            paper.fill(barLeft, base - tall * bar.share, barWidth, Math.max(0.8, tall * bar.share), accent);
            const words = basisPoints(bar.share * 10_000);
            if (barWidth > 34) {
              const inside = bar.share > 0.6;
              const style = { ...styles.chartQuiet, colour: inside ? ([1, 1, 1] as const) : ink };
              sheet.draw(
                sheet.lines(words, style, 60),
                barLeft + 4,
                inside ? base - tall * bar.share + 3 : base - tall * bar.share - 9,
                style,
              );
            }
          }
          paper.rule(left, base, left + width, base, hairline, 0.5);
        }
        paper.rule(left, top, left, bottom - 3, quiet, 0.4);
        sheet.draw(sheet.lines(time(chart.from), styles.chartQuiet, 200), left, bottom, styles.chartQuiet);
        sheet.draw(
          sheet.lines(time(chart.to), styles.chartQuiet, 200),
          left,
          bottom,
          styles.chartQuiet,
          'right',
          width,
        );
      },
      { alt: chart.summary.slice(0, 4000), bbox: [sheet.left, top, sheet.left + sheet.width, bottom + 10] },
    );
    sheet.push(figure);
    sheet.y = bottom + 20;
  }
}
