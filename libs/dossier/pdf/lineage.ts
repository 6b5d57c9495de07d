import type { LineageDrawing, LineageNode } from '../content.js';
import { layeredLayout } from '../lineage-layout.js';
import { tidy } from './faces.js';
import type { Sheet } from './sheet.js';
import { accent, hairline, ink, quiet, styles, toneColour, wash } from './styles.js';
import type { Style } from './typesetting.js';
import { typesetWithin } from './typesetting.js';

const nodeHeight = 47;
const kindStyle: Style = { ...styles.chartQuiet, size: 5.6, leading: 7 };
const titleStyle: Style = { ...styles.chart, weight: 'medium', size: 6.8, leading: 8.6 };
const detailStyle: Style = { ...styles.chartQuiet, size: 6, leading: 7.6 };

/** Lineage as vectors on a page of its own, left to right; each box says what kind of thing it is. */
export function drawLineage(sheet: Sheet, drawing: LineageDrawing): void {
  const { paper } = sheet;
  sheet.text('Caption', drawing.caption, styles.caption);
  sheet.y += 6;
  const layout = layeredLayout(
    drawing.nodes.map(({ id }) => id),
    drawing.edges,
    { width: sheet.width, nodeHeight, gap: 9, maxColumn: 128 },
  );
  const column = layout.width / layout.layers;
  const nodeWidth = Math.min(112, column - 15);
  // A column higher than the page is drawn smaller; the sections hold every entry in full size.
  const scale = Math.min(1, sheet.room / (layout.height + 4));
  const left = sheet.left + Math.max(0, (sheet.width - layout.width + 16) / 2);
  const top = sheet.y;
  const place = (id: string) => {
    const node = layout.nodes.get(id)!;
    return { x: left + node.x, y: top + node.y * scale };
  };
  const tall = nodeHeight * scale;
  const figure = paper.tagged(
    'Figure',
    () => {
      for (const { from, to } of drawing.edges) {
        const start = place(from);
        const end = place(to);
        edge(
          sheet,
          start.x + nodeWidth,
          start.y + tall / 2,
          end.x,
          end.y + tall / 2,
          drawing.nodes.find(({ id }) => id === from)?.kind === 'person',
        );
      }
      for (const node of drawing.nodes) {
        const { x, y } = place(node.id);
        box(sheet, node, x, y, nodeWidth, tall, scale);
      }
    },
    {
      alt: drawing.summary.slice(0, 4000),
      bbox: [sheet.left, top, sheet.left + sheet.width, top + layout.height * scale],
    },
  );
  sheet.push(figure);
  sheet.y = top + layout.height * scale + 14;
}

function edge(sheet: Sheet, x1: number, y1: number, x2: number, y2: number, person: boolean): void {
  const bend = Math.max(8, (x2 - x1) / 2);
  const colour = person ? hairline : quiet;
  const path = `${tidy(x1)} ${tidy(y1)} m ${tidy(x1 + bend)} ${tidy(y1)} ${tidy(x2 - bend)} ${tidy(y2)} ${tidy(x2 - 4)} ${tidy(y2)} c`;
  sheet.paper.path(person ? `[1.6 1.6] 0 d ${path}` : path, 'S', person ? quiet : colour, person ? 0.45 : 0.7);
  sheet.paper.path(
    `${tidy(x2)} ${tidy(y2)} m ${tidy(x2 - 4.4)} ${tidy(y2 - 2)} l ${tidy(x2 - 4.4)} ${tidy(y2 + 2)} l h`,
    'f',
    quiet,
  );
}

function box(
  sheet: Sheet,
  node: LineageNode,
  x: number,
  y: number,
  width: number,
  height: number,
  scale: number,
): void {
  const { paper } = sheet;
  const radius = node.kind === 'person' ? height / 2 : 2.4;
  const colour = node.kind === 'override' ? toneColour.attention : node.kind === 'model-version' ? accent : quiet;
  paper.fill(
    x,
    y,
    width,
    height,
    node.kind === 'model-version' ? accent : node.kind === 'person' ? [1, 1, 1] : wash,
    radius,
  );
  paper.stroke(x, y, width, height, colour, radius, node.kind === 'model-version' ? 1 : 0.6);
  const inset = node.kind === 'person' ? 9 : 5;
  const light = node.kind === 'model-version';
  const shade = (style: Style): Style => ({
    ...style,
    size: style.size * scale,
    leading: style.leading * scale,
    colour: light ? [1, 1, 1] : style === titleStyle ? ink : quiet,
  });
  let at = y + 4 * scale;
  for (const [text, style, most] of [
    [node.kind.replace('-', ' ').toUpperCase(), kindStyle, 1],
    [node.title, titleStyle, 2],
    [node.detail, detailStyle, 2],
  ] as const) {
    const shaded = shade(style);
    const room = width - 2 * inset;
    at = sheet.draw(typesetWithin(paper.faces, text, shaded, room, most), x + inset, at, shaded);
  }
}
