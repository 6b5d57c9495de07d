import type { Cell, Citation } from '../content.js';
import type { Paper, Structure } from './paper.js';
import { gapWash, page, styles, toneColour, toned } from './styles.js';
import type { Line, Style } from './typesetting.js';
import { typeset } from './typesetting.js';

/** The running page: where the next block goes. Breaks to a new page on demand. */
export class Sheet {
  /** Next free y, points from the top. */
  y = 0;
  /** Events that a link points to. */
  readonly linked = new Set<string>();
  #landscape = false;
  #children: Structure[] = [];
  readonly #known: ReadonlySet<string>;
  readonly #lines = new Map<string, readonly Line[]>();

  constructor(
    readonly paper: Paper,
    eventIds: Iterable<string>,
  ) {
    this.#known = new Set(eventIds);
  }

  get left(): number {
    return page.left;
  }

  get width(): number {
    return this.paper.width - page.left - page.right;
  }

  get bottom(): number {
    return this.paper.height - page.bottom;
  }

  get room(): number {
    return this.bottom - this.y;
  }

  get atTop(): boolean {
    return this.y <= page.top + 0.1;
  }

  newPage(landscape = this.#landscape): void {
    this.#landscape = landscape;
    this.paper.addPage(landscape);
    this.y = page.top;
  }

  /** Breaks unless `height` points are left; what is higher than a page begins where it is when it can begin. */
  ensure(height: number): void {
    const whole = this.paper.height - page.top - page.bottom;
    if (this.room < Math.min(height, whole) && !this.atTop) this.newPage();
  }

  skip(height: number): void {
    if (!this.atTop) this.y += height;
  }

  /** Collects what was drawn, to be closed by {@link endSection}. */
  push(structure: Structure): void {
    this.#children.push(structure);
  }

  endSection(): void {
    if (this.#children.length > 0) this.paper.add(this.paper.group('Sect', this.#children));
    this.#children = [];
  }

  lines(text: string, style: Style, width: number): readonly Line[] {
    if (text.length > 40 || /\d/.test(text)) return typeset(this.paper.faces, text, style, width);
    const key = `${style.weight}${style.size}\n${width}\n${text}`;
    let known = this.#lines.get(key);
    if (!known) this.#lines.set(key, (known = typeset(this.paper.faces, text, style, width)));
    return known;
  }

  /** Draws lines from the top edge `y`; gives the y below them. */
  draw(
    lines: readonly Line[],
    x: number,
    y: number,
    style: Style,
    align: 'left' | 'right' = 'left',
    width = 0,
  ): number {
    let at = y;
    for (const line of lines) {
      this.paper.show(line, align === 'right' ? x + width - line.width : x, at + style.leading * 0.76, style);
      at += style.leading;
    }
    return at;
  }

  text(type: string, text: string, style: Style, x = this.left, width = this.width): void {
    const lines = this.lines(text, style, width);
    this.ensure(Math.min(lines.length, 3) * style.leading);
    let pending = [...lines];
    while (pending.length > 0) {
      const fitting = Math.max(1, Math.floor((this.room + 0.01) / style.leading));
      const part = pending.slice(0, fitting);
      pending = pending.slice(fitting);
      this.push(this.paper.tagged(type, () => (this.y = this.draw(part, x, this.y, style))));
      if (pending.length > 0) this.newPage();
    }
  }

  /** The look of a cell: its style and its words. */
  present(cell: Cell, base: Style, code: Style): { style: Style; text: string } {
    switch (cell.kind) {
      case 'fact':
        return { style: toned(cell.code ? code : base, cell.tone, cell.text), text: cell.text };
      case 'gap':
        return {
          style: { ...base, weight: 'medium', colour: toneColour.attention },
          text: `No evidence recorded: ${cell.text}`,
        };
      case 'label':
        return { style: base, text: cell.text };
    }
  }

  gapWash(x: number, y: number, width: number, height: number): void {
    this.paper.artifact(() => {
      this.paper.fill(x, y, width, height, gapWash);
      this.paper.fill(x, y, 1.6, height, toneColour.attention);
    });
  }

  /** Event ids with a link into the event appendix. `broken` sets each id on two lines. */
  references(
    citations: readonly Citation[],
    x: number,
    y: number,
    options: { broken: boolean; most: number },
  ): Structure[] {
    const { reference } = styles;
    const unique = [...new Map(citations.map((citation) => [citation.id, citation])).values()];
    let at = y;
    const structures: Structure[] = [];
    for (const { id } of unique.slice(0, options.most)) {
      const parts = options.broken && id.length === 36 ? [id.slice(0, 18), id.slice(18)] : [id];
      const height = parts.length * reference.leading;
      const top = at;
      const draw = () => {
        for (const part of parts) at = this.draw(this.lines(part, reference, 1000), x, at, reference);
      };
      this.linked.add(id);
      const wide = (options.broken ? 18 : 36) * reference.size * 0.6;
      structures.push(
        this.#known.has(id)
          ? this.paper.linked(`event-${id}`, x, top, wide, height, `Event ${id}`, draw)
          : this.paper.tagged('Span', draw),
      );
    }
    if (unique.length > options.most)
      structures.push(
        this.paper.tagged('Span', () => {
          at = this.draw(this.lines(`+ ${unique.length - options.most} in the twin`, styles.folio, 1000), x, at, {
            ...styles.folio,
            leading: reference.leading,
          });
        }),
      );
    return structures;
  }

  /** Height of {@link references}. */
  referencesHeight(citations: readonly Citation[], options: { broken: boolean; most: number }): number {
    const unique = new Set(citations.map(({ id }) => id)).size;
    const shown = Math.min(unique, options.most) * (options.broken ? 2 : 1) + (unique > options.most ? 1 : 0);
    return shown * styles.reference.leading;
  }
}

export function citationsOf(cells: readonly Cell[]): Citation[] {
  return cells.flatMap((cell) => (cell.kind === 'fact' ? cell.events : []));
}
