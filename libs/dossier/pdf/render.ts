import type { Block, DossierContent, Section } from '../content.js';
import { integer, time } from '../format.js';
import { drawIntervals, drawTraffic } from './charts.js';
import { drawFacts, drawSignature } from './facts.js';
import { drawLineage } from './lineage.js';
import { openPaper } from './paper.js';
import type { Structure } from './paper.js';
import { Sheet } from './sheet.js';
import { accent, hairline, page, quiet, styles } from './styles.js';
import { drawTable } from './table.js';
import { typesetOneLine } from './typesetting.js';

export interface RenderOptions {
  /** SHA-256 of the canonical content: printed on every page. */
  readonly contentDigest: string;
  /** Called after each section with the share done, 0 to 1. */
  readonly progress?: (share: number) => void;
}

/** The PDF of a dossier. A function of its arguments: the same content gives the same bytes. */
export function renderPdf(
  content: DossierContent,
  { contentDigest, progress }: RenderOptions,
): { readonly bytes: Uint8Array; readonly pages: number } {
  const { dossier, sections, events } = content;
  const paper = openPaper({
    title: `Audit dossier: ${dossier.title}`,
    subject: `Record up to position ${dossier.asOf.position}, content SHA-256 ${contentDigest}`,
    created: new Date(dossier.asOf.time),
  });
  const sheet = new Sheet(
    paper,
    events.map(({ id }) => id),
  );
  const starts: { title: string; page: number; name: string }[] = [];
  const contents = drawCover(sheet, content);
  for (const [index, section] of sections.slice(1).entries()) {
    drawSection(sheet, section, index + 1, starts);
    progress?.((index + 1) / (sections.length + 1));
  }
  drawAppendix(sheet, content, sections.length, starts);
  drawContents(sheet, contents, starts);
  drawFolios(sheet, content, contentDigest);
  const { pages } = paper;
  const bytes = paper.finish();
  progress?.(1);
  return { bytes, pages };
}

function drawCover(sheet: Sheet, { dossier, sections }: DossierContent): number {
  sheet.newPage(false);
  const { paper } = sheet;
  sheet.y = 92;
  paper.artifact(() => paper.fill(sheet.left, sheet.y, 46, 3, accent));
  sheet.y += 16;
  sheet.text('P', 'AUDIT DOSSIER', { ...styles.caption, colour: accent, size: 9 });
  sheet.y += 4;
  paper.outline('Cover', 0, 0);
  sheet.text('H1', dossier.title, styles.display);
  sheet.y += 10;
  drawFacts(sheet, {
    kind: 'facts',
    rows: [
      ['Model version', dossier.modelVersionId],
      ['Workspace', dossier.workspace],
      ['Record up to', `position ${integer(dossier.asOf.position)}, recorded ${time(dossier.asOf.time)}`],
      ['Period covered', `${time(dossier.period.from)} to ${time(dossier.period.to)}`],
      ['Events cited', integer(dossier.events)],
      ['For', dossier.audience],
      ['Dossier id', dossier.id],
    ].map(([label, text]) => ({ label: label!, cells: [{ kind: 'label' as const, text: text! }] })),
  });
  sheet.y += 4;
  for (const block of sections[0]?.blocks ?? []) drawBlock(sheet, block);
  sheet.y += 8;
  sheet.text('H2', 'Contents', styles.heading);
  sheet.y += 4;
  const top = sheet.y;
  sheet.endSection();
  return top;
}

function drawSection(
  sheet: Sheet,
  section: Section,
  number: number,
  starts: { title: string; page: number; name: string }[],
): void {
  const drawing = section.blocks.some(({ kind }) => kind === 'lineage');
  const title = `${number}  ${section.title}`;
  if (drawing) sheet.newPage(true);
  else if (number <= 2 || sheet.room < 150) sheet.newPage(false);
  else sheet.y += 16;
  begin(sheet, title, `section-${section.id}`, starts);
  for (const block of section.blocks) drawBlock(sheet, block);
  sheet.endSection();
  if (drawing) sheet.newPage(false);
}

function begin(
  sheet: Sheet,
  title: string,
  name: string,
  starts: { title: string; page: number; name: string }[],
): void {
  const { paper } = sheet;
  starts.push({ title, page: paper.pages, name });
  paper.destination(name, sheet.y - 6);
  paper.outline(title.replace('  ', ' '), sheet.y - 6, 0);
  sheet.text('H2', title, styles.section);
  sheet.y += 2;
  paper.artifact(() => paper.rule(sheet.left, sheet.y, sheet.left + sheet.width, sheet.y, accent, 0.8));
  sheet.y += 8;
}

function drawBlock(sheet: Sheet, block: Block): void {
  switch (block.kind) {
    case 'heading':
      sheet.skip(6);
      sheet.ensure(90);
      sheet.paper.outline(block.text, sheet.y - 4, 1);
      sheet.text('H3', block.text, styles.heading);
      sheet.y += 3;
      return;
    case 'paragraph':
      for (const cell of block.cells) {
        const { style, text } = sheet.present(cell, styles.body, styles.cellCode);
        if (cell.kind === 'gap') {
          sheet.ensure(18);
          sheet.gapWash(
            sheet.left,
            sheet.y,
            sheet.width,
            sheet.lines(text, style, sheet.width - 12).length * style.leading + 2,
          );
          sheet.y += 1;
          sheet.text('P', text, style, sheet.left + 8, sheet.width - 12);
        } else sheet.text('P', text, style, sheet.left, Math.min(sheet.width, 470));
      }
      sheet.y += 5;
      return;
    case 'facts':
      return drawFacts(sheet, block);
    case 'signature':
      return drawSignature(sheet, block);
    case 'table':
      return drawTable(sheet, block);
    case 'intervals':
      return drawIntervals(sheet, block);
    case 'traffic':
      return drawTraffic(sheet, block);
    case 'lineage':
      return drawLineage(sheet, block);
    default:
      block satisfies never;
  }
}

/** Every event: type, position, time of recording, id, digest. What the links of the document point to. */
function drawAppendix(
  sheet: Sheet,
  { events }: DossierContent,
  number: number,
  starts: { title: string; page: number; name: string }[],
): void {
  const { paper } = sheet;
  sheet.newPage(false);
  begin(sheet, `${number}  Event appendix`, 'section-events', starts);
  sheet.text(
    'P',
    'Every event that this dossier cites, in the order of the record. First line: number, type, stream revision, position, time of recording. Second line: event id, SHA-256 of the stored bytes.',
    styles.body,
  );
  sheet.y += 6;
  const first = { ...styles.cell, size: 7.6, leading: 9.8 };
  const second = { ...styles.cellCode, size: 5.6, leading: 7.6, colour: quiet };
  const numberWidth = 34;
  const { left } = sheet;
  for (const [index, event] of events.entries()) {
    sheet.ensure(first.leading + second.leading + 3);
    const y = sheet.y;
    if (sheet.linked.has(event.id)) paper.destination(`event-${event.id}`, y - 2);
    sheet.push(
      paper.tagged('P', () => {
        sheet.draw(sheet.lines(integer(index + 1), first, 60), left, y, first, 'right', numberWidth - 8);
        sheet.draw(sheet.lines(event.type, first, 200), left + numberWidth, y, first);
        sheet.draw(sheet.lines(`revision ${integer(event.revision)}`, first, 100), left + 198, y, first, 'right', 70);
        sheet.draw(sheet.lines(`position ${integer(event.position)}`, first, 110), left + 272, y, first, 'right', 90);
        sheet.draw(sheet.lines(time(event.recordedAt), first, 140), left + sheet.width - 130, y, first, 'right', 130);
        const below = y + first.leading;
        sheet.draw(sheet.lines(event.id, second, 200), left + numberWidth, below, second);
        sheet.draw(sheet.lines(event.digest, second, 400), left + sheet.width - 216, below, second, 'right', 216);
      }),
    );
    sheet.y = y + first.leading + second.leading + 1;
    paper.artifact(() => paper.rule(left, sheet.y, left + sheet.width, sheet.y, hairline, 0.25));
    sheet.y += 2;
  }
  sheet.endSection();
}

/** The list of contents, in two columns on the cover, once the pages are known. */
function drawContents(
  sheet: Sheet,
  top: number,
  starts: readonly { title: string; page: number; name: string }[],
): void {
  const { paper } = sheet;
  paper.onPage(0);
  const style = { ...styles.cell, leading: 13 };
  const perColumn = Math.ceil(starts.length / 2);
  const gap = 22;
  const width = (sheet.width - gap) / 2;
  const items: Structure[] = starts.map(({ title, page: target, name }, index) => {
    const x = sheet.left + (index < perColumn ? 0 : width + gap);
    const y = top + (index % perColumn) * style.leading;
    return paper.linked(name, x, y, width, style.leading, `${title}, page ${target}`, () => {
      const number = typesetOneLine(paper.faces, String(target), style, 40);
      const words = typesetOneLine(paper.faces, title.replace('  ', '   '), style, width - 34);
      sheet.draw([words], x, y, style);
      sheet.draw([number], x, y, style, 'right', width);
      paper.rule(x + words.width + 5, y + 9.4, x + width - number.width - 5, y + 9.4, hairline, 0.5, '0.5 2');
    });
  });
  paper.add(
    paper.group(
      'TOC',
      items.map((item) => paper.group('TOCI', [item])),
    ),
  );
}

/** Head and foot of every page: what it belongs to, page x of y, and the digest that ties it to the twin. */
function drawFolios(sheet: Sheet, { dossier }: DossierContent, contentDigest: string): void {
  const { paper } = sheet;
  const { pages } = paper;
  for (let index = 0; index < pages; index += 1) {
    paper.onPage(index);
    paper.artifact(() => {
      const { folio, folioCode } = styles;
      const right = paper.width - page.right;
      if (index > 0) {
        const head = typesetOneLine(paper.faces, `Audit dossier: ${dossier.title}`, folio, right - page.left - 220);
        sheet.draw([head], page.left, 36, folio);
        const asOf = `position ${integer(dossier.asOf.position)}, ${time(dossier.asOf.time)}`;
        sheet.draw(sheet.lines(asOf, folio, 260), page.left, 36, folio, 'right', right - page.left);
        paper.rule(page.left, 50, right, 50, hairline, 0.4);
      }
      const y = paper.height - 44;
      paper.rule(page.left, y, right, y, hairline, 0.4);
      sheet.draw(sheet.lines(`Dossier ${dossier.id}`, folioCode, 400), page.left, y + 6, folioCode);
      sheet.draw(sheet.lines(`Content SHA-256 ${contentDigest}`, folioCode, 400), page.left, y + 15, folioCode);
      sheet.draw(
        sheet.lines(`Page ${index + 1} of ${pages}`, folio, 120),
        page.left,
        y + 6,
        folio,
        'right',
        right - page.left,
      );
    });
  }
}
