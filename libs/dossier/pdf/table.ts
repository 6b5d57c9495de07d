import type { Cell, TableBlock } from '../content.js';
import type { Structure } from './paper.js';
import type { Sheet } from './sheet.js';
import { gapWash, hairline, quiet, styles, toneColour, wash } from './styles.js';
import type { Line, Style } from './typesetting.js';

const referenceWidth = 64;
const padding = 4;

interface Column {
  readonly title: string;
  readonly x: number;
  readonly width: number;
  readonly align: 'left' | 'right';
}

interface Row {
  readonly cells: readonly { readonly cell: Cell; readonly style: Style; readonly lines: readonly Line[] }[];
  readonly citations: readonly { id: string; digest: string }[];
  readonly height: number;
}

/** A table with its head on every page. A row is split only when it is higher than a page; no row stands alone. */
export function drawTable(sheet: Sheet, table: TableBlock): void {
  const { paper } = sheet;
  const cited = table.rows.some((row) => row.some((cell) => cell.kind === 'fact'));
  const columns = place(sheet, table, cited);
  const rows = table.rows.map((row) => measure(sheet, row, columns));
  const head = headHeight(sheet, columns);
  const caption = sheet.lines(table.caption, styles.caption, sheet.width);
  const captionHeight = caption.length * styles.caption.leading + 4;
  const opening = rows.slice(0, 2).reduce((sum, { height }) => sum + height, 0);
  sheet.skip(4);
  sheet.ensure(Math.min(captionHeight + head + opening, 320));
  const children: Structure[] = [
    paper.tagged('Caption', () => (sheet.y = sheet.draw(caption, sheet.left, sheet.y, styles.caption))),
  ];
  sheet.y += 4;
  children.push(drawHead(sheet, columns, head, cited));
  for (const [index, row] of rows.entries()) {
    const pageBody = sheet.paper.height - 140 - head;
    const next = rows[index + 1];
    const widow = index === rows.length - 2 && index > 0 && next !== undefined && row.height + next.height > sheet.room;
    if (row.height > sheet.room || (widow && row.height <= sheet.room && next.height < 60)) {
      if (row.height <= pageBody || sheet.room < 60) {
        sheet.newPage();
        children.push(drawHead(sheet, columns, head, cited));
      }
    }
    children.push(drawRow(sheet, columns, row, head, cited, children));
  }
  sheet.push(paper.group('Table', children));
  sheet.skip(10);
}

function place(sheet: Sheet, { columns }: TableBlock, cited: boolean): Column[] {
  const width = sheet.width - (cited ? referenceWidth + padding : 0);
  const total = columns.reduce((sum, { share }) => sum + share, 0);
  let x = sheet.left;
  return columns.map(({ title, share, align }): Column => {
    const whole = (width * share) / total;
    const left = x;
    x += whole;
    const gap = align === 'right' ? 9 : 0;
    return { title, x: left, width: whole - padding * 1.5 - gap, align: align ?? 'left' };
  });
}

function measure(sheet: Sheet, row: readonly Cell[], columns: readonly Column[]): Row {
  const cells = row.map((cell, index) => {
    const { style, text } = sheet.present(cell, styles.cell, styles.cellCode);
    return { cell, style, lines: sheet.lines(text, style, columns[index]!.width) };
  });
  const citations = [
    ...new Map(
      row.flatMap((cell) => (cell.kind === 'fact' ? cell.events : [])).map((event) => [event.id, event]),
    ).values(),
  ];
  const text = Math.max(...cells.map(({ lines, style }) => lines.length * style.leading));
  return {
    cells,
    citations,
    height: Math.max(text, sheet.referencesHeight(citations, { broken: true, most: 2 })) + padding + 1,
  };
}

function headHeight(sheet: Sheet, columns: readonly Column[]): number {
  const lines = Math.max(...columns.map(({ title, width }) => sheet.lines(title, styles.head, width).length));
  return lines * styles.head.leading + padding + 2;
}

function drawHead(sheet: Sheet, columns: readonly Column[], height: number, cited: boolean): Structure {
  const { paper } = sheet;
  const top = sheet.y;
  paper.artifact(() => {
    paper.fill(sheet.left - 3, top, sheet.width + 6, height, wash);
    paper.rule(sheet.left - 3, top + height, sheet.left + sheet.width + 3, top + height, quiet, 0.6);
  });
  const cells = columns.map(({ title, x, width, align }) =>
    paper.tagged(
      'TH',
      () => sheet.draw(sheet.lines(title, styles.head, width), x, top + padding / 2 + 0.5, styles.head, align, width),
      { scope: 'Column' },
    ),
  );
  if (cited)
    cells.push(
      paper.tagged(
        'TH',
        () =>
          sheet.draw(
            sheet.lines('Event', styles.head, referenceWidth),
            sheet.left + sheet.width - referenceWidth,
            top + padding / 2 + 0.5,
            styles.head,
          ),
        {
          scope: 'Column',
        },
      ),
    );
  sheet.y = top + height + 2;
  return paper.group('TR', cells);
}

function drawRow(
  sheet: Sheet,
  columns: readonly Column[],
  row: Row,
  head: number,
  cited: boolean,
  before: Structure[],
): Structure {
  const { paper } = sheet;
  let from = 0;
  for (;;) {
    const top = sheet.y;
    const room = sheet.room - padding;
    const whole = row.height <= sheet.room;
    const most = (style: Style) => (whole ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(room / style.leading)));
    // All cells of a split row advance by the same number of lines, that of the largest leading.
    const step = whole ? Number.POSITIVE_INFINITY : Math.min(...row.cells.map(({ style }) => most(style)));
    let bottom = top;
    const cells = row.cells.map(({ cell, style, lines }, index) => {
      const { x, width, align } = columns[index]!;
      const part = lines.slice(from, from + step);
      const height = part.length * style.leading;
      bottom = Math.max(bottom, top + height);
      if (cell.kind === 'gap')
        paper.artifact(() => {
          paper.fill(x - 2, top - 0.5, width + 4, height + 1, gapWash);
          paper.fill(x - 2, top - 0.5, 1.2, height + 1, toneColour.attention);
        });
      return paper.tagged('TD', () => sheet.draw(part, x + (cell.kind === 'gap' ? 1 : 0), top, style, align, width));
    });
    if (cited) {
      const structures =
        from === 0
          ? sheet.references(row.citations, sheet.left + sheet.width - referenceWidth, top + 1, {
              broken: true,
              most: 2,
            })
          : [];
      if (from === 0) bottom = Math.max(bottom, top + sheet.referencesHeight(row.citations, { broken: true, most: 2 }));
      cells.push(paper.group('TD', structures));
    }
    sheet.y = bottom + padding / 2;
    paper.artifact(() => paper.rule(sheet.left - 3, sheet.y, sheet.left + sheet.width + 3, sheet.y, hairline, 0.3));
    sheet.y += padding / 2 + 1;
    const structure = paper.group('TR', cells);
    from += step;
    if (whole || row.cells.every(({ lines }) => lines.length <= from)) return structure;
    before.push(structure);
    sheet.newPage();
    before.push(drawHead(sheet, columns, head, cited));
  }
}
