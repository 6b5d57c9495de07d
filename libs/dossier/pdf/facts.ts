import type { Block, Cell } from '../content.js';
import type { Structure } from './paper.js';
import type { Sheet } from './sheet.js';
import { accent, hairline, styles, wash } from './styles.js';

const labelWidth = 104;
/** Inside a frame, which takes room from both sides. */
const framedLabelWidth = 84;
const referenceWidth = 122;
const gutter = 10;
/** Between two values of one row. */
const between = 2;

type FactsBlock = Extract<Block, { kind: 'facts' }>;
type SignatureBlock = Extract<Block, { kind: 'signature' }>;

/** Label, value, event id: one row a fact. */
export function drawFacts(sheet: Sheet, { rows }: FactsBlock): void {
  for (const { label, cells } of rows) row(sheet, label, cells, sheet.left, sheet.width, labelWidth);
  sheet.skip(6);
}

/** The signature manifestation, framed, never split from its heading (21 CFR 11.50). */
export function drawSignature(sheet: Sheet, { heading, rows }: SignatureBlock): void {
  const inset = 10;
  const width = sheet.width - 2 * inset;
  const height =
    24 +
    rows.reduce((sum, { label, cells }) => sum + measure(sheet, label, cells, width, framedLabelWidth).total, 0) +
    6;
  sheet.ensure(height + 8);
  sheet.skip(2);
  const top = sheet.y;
  const framed = height <= sheet.room;
  if (framed)
    sheet.paper.artifact(() => {
      sheet.paper.fill(sheet.left, top, sheet.width, height, wash, 3);
      sheet.paper.fill(sheet.left, top, 2.4, height, accent);
    });
  sheet.y = top + 7;
  sheet.text('H4', heading, styles.heading, sheet.left + inset, width);
  sheet.y += 2;
  for (const { label, cells } of rows) row(sheet, label, cells, sheet.left + inset, width, framedLabelWidth);
  if (framed) sheet.y = top + height;
  sheet.skip(10);
}

function cellsOf(sheet: Sheet, cells: readonly Cell[], width: number) {
  let before = '';
  return cells.map((cell) => {
    const { style, text } = sheet.present(cell, styles.value, styles.valueCode);
    const lines = sheet.lines(text, style, width);
    // Neighbours in one row that stand on the same events share one reference.
    const key = cell.kind === 'fact' ? cell.events.map(({ id }) => id).join() : '';
    const references = cell.kind === 'fact' && key !== before ? cell.events : [];
    before = key;
    const options = { broken: false, most: 2 };
    const height = Math.max(lines.length * style.leading, sheet.referencesHeight(references, options));
    return { cell, style, lines, references, options, height };
  });
}

function measure(sheet: Sheet, label: string, cells: readonly Cell[], width: number, indent: number) {
  // A row that cites nothing (the form's own words) has the whole width.
  const cited = cells.some(({ kind }) => kind === 'fact');
  const valueWidth = width - indent - (cited ? referenceWidth + gutter : 0);
  const labels = sheet.lines(label, styles.label, indent - gutter);
  const values = cellsOf(sheet, cells, valueWidth);
  const high = values.reduce((sum, { height }) => sum + height + between, -between);
  return { labels, values, valueWidth, total: Math.max(labels.length * styles.label.leading, high) + 3 };
}

function row(sheet: Sheet, label: string, cells: readonly Cell[], left: number, width: number, indent: number): void {
  const { paper } = sheet;
  const { labels, values, valueWidth, total } = measure(sheet, label, cells, width, indent);
  sheet.ensure(Math.min(total, 200));
  const children: Structure[] = [paper.tagged('Span', () => sheet.draw(labels, left, sheet.y, styles.label))];
  const top = sheet.y;
  for (const [index, { cell, style, lines, references, options, height }] of values.entries()) {
    if (index > 0) sheet.y += between;
    if (height > sheet.room) {
      if (!sheet.atTop && height <= sheet.paper.height / 2) sheet.newPage();
    }
    let pending = [...lines];
    let first = true;
    do {
      const fitting = Math.max(1, Math.floor((sheet.room + 0.01) / style.leading));
      const part = pending.slice(0, fitting);
      pending = pending.slice(fitting);
      const y = sheet.y;
      const partHeight = first
        ? Math.min(height, Math.max(part.length * style.leading, sheet.referencesHeight(references, options)))
        : part.length * style.leading;
      if (cell.kind === 'gap') sheet.gapWash(left + indent - 6, y, valueWidth + 6, part.length * style.leading);
      children.push(paper.tagged('Span', () => sheet.draw(part, left + indent, y, style)));
      if (first && references.length > 0)
        children.push(...sheet.references(references, left + width - referenceWidth, y + 2, options));
      sheet.y = y + partHeight;
      first = false;
      if (pending.length > 0) sheet.newPage();
    } while (pending.length > 0);
  }
  if (sheet.y > top) sheet.y = Math.max(sheet.y, top + labels.length * styles.label.leading);
  sheet.y += 1.5;
  paper.artifact(() => paper.rule(left, sheet.y, left + width, sheet.y, hairline, 0.3));
  sheet.y += 1.5;
  sheet.push(paper.group('P', children));
}
