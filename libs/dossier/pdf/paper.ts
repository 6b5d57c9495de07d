import { zlibSync } from 'fflate';
import Pdf from 'pdfkit';
import type { Faces } from './faces.js';
import { openFaces, tidy } from './faces.js';
import type { Colour, Line, Style } from './typesetting.js';

/** What pdfkit does and its types leave out. */
interface Internals {
  ref(data?: object): Reference;
  addContent(operators: string): void;
  appendXML(xml: string): void;
  page: Page;
  annotate(x: number, y: number, width: number, height: number, options: object): void;
}

interface Page {
  readonly width: number;
  readonly height: number;
  readonly fonts: Record<string, object>;
  readonly dictionary: Reference;
  readonly resources: Reference;
  readonly content: Reference;
  _setTabOrder(): void;
  end(): void;
}

interface Reference {
  data: Record<string, unknown>;
  buffer: Uint8Array[];
  write(chunk: Uint8Array): void;
  end(): void;
  finalize(): void;
}

type Document = Omit<PDFKit.PDFDocument, keyof Internals> & Internals;
export type Structure = PDFKit.PDFStructureElement;

export interface PaperOptions {
  readonly title: string;
  readonly subject: string;
  readonly created: Date;
}

/**
 * A PDF/A-3a and PDF/UA-1 document of A4 pages with fixed bytes: the time is given, the file id follows from it, streams are
 * deflated in plain JavaScript (zlib's bytes differ between processors and Node versions).
 */
export interface Paper {
  readonly document: Document;
  readonly faces: Faces;
  readonly width: number;
  readonly height: number;
  readonly pages: number;
  addPage(landscape: boolean): void;
  /** Goes back to a page, from 0. */
  onPage(page: number): void;
  /** Sets the baseline at `y`, in points from the top. */
  show(line: Line, x: number, y: number, style: Style): void;
  rule(x1: number, y1: number, x2: number, y2: number, colour: Colour, thickness?: number, dash?: string): void;
  fill(x: number, y: number, width: number, height: number, colour: Colour, radius?: number): void;
  stroke(
    x: number,
    y: number,
    width: number,
    height: number,
    colour: Colour,
    radius?: number,
    thickness?: number,
  ): void;
  /** Raw path operators in points from the top left; `paint` is `f`, `S` or `B`. */
  path(operators: string, paint: string, colour: Colour, thickness?: number): void;
  /** Draws with a structure type and gives the element; it becomes part of the document when added to a parent. */
  tagged(
    type: string,
    draw: () => void,
    options?: { alt?: string; bbox?: [number, number, number, number]; scope?: string },
  ): Structure;
  group(type: string, children: readonly Structure[]): Structure;
  artifact(draw: () => void): void;
  /** A link inside the document over a rectangle, as a structure element around what `draw` shows. */
  linked(
    destination: string,
    x: number,
    y: number,
    width: number,
    height: number,
    description: string,
    draw: () => void,
  ): Structure;
  destination(name: string, y: number): void;
  outline(title: string, y: number, level: 0 | 1): void;
  /** Adds a top-level element. */
  add(structure: Structure): void;
  finish(): Uint8Array;
}

export function openPaper({ title, subject, created }: PaperOptions): Paper {
  const plain = (text: string) => text.replaceAll(/[<>&\p{C}]/gu, ' ').toWellFormed();
  const document = new Pdf({
    autoFirstPage: false,
    bufferPages: true,
    compress: false,
    displayTitle: true,
    font: '',
    info: {
      Title: plain(title),
      Subject: plain(subject),
      Author: 'Assay',
      Creator: 'Assay',
      Producer: 'Assay (PDFKit)',
      CreationDate: created,
      ModDate: created,
    },
    lang: 'en',
    pdfVersion: '1.7',
    subset: 'PDF/A-3a',
    tagged: true,
  }) as unknown as Document;
  deflateStreams(document);
  const streams = contentStreams(document);
  const faces = openFaces(document as unknown as Parameters<typeof openFaces>[0]);
  let sections: ReturnType<typeof document.outline.addItem> | undefined;
  const size = { width: 0, height: 0 };

  const write = streams.write;
  const paint = (colour: Colour, operator: 'rg' | 'RG') => `${colour.map(tidy).join(' ')} ${operator}`;

  const paper: Paper = {
    document,
    faces,
    get width() {
      return size.width;
    },
    get height() {
      return size.height;
    },
    get pages() {
      return document.bufferedPageRange().count;
    },
    addPage(landscape) {
      streams.close();
      document.addPage({ size: 'A4', layout: landscape ? 'landscape' : 'portrait', margin: 0 });
      Object.assign(size, { width: document.page.width, height: document.page.height });
    },
    onPage(page) {
      streams.close();
      document.switchToPage(page);
      Object.assign(size, { width: document.page.width, height: document.page.height });
    },
    show(line, x, y, style) {
      if (line.runs.length === 0) return;
      let operators = streams.colour(style.colour) ? '' : `${paint(style.colour, 'rg')}\n`;
      operators += `BT 1 0 0 -1 ${tidy(x)} ${tidy(y)} Tm `;
      let rise = 0;
      let show = '';
      const flush = () => {
        if (show) operators += `[${show}]TJ `;
        show = '';
      };
      for (const { face, parts } of line.runs) {
        const font = `/${face.embedded.id} ${tidy(style.size)} Tf `;
        if (!streams.font(font)) {
          flush();
          document.page.fonts[face.embedded.id] ??= face.embedded.ref();
          operators += font;
        }
        for (const part of parts) {
          if (part.rise !== rise) {
            flush();
            rise = part.rise;
            operators += `${tidy((rise * style.size) / 1000)} Ts `;
          }
          show += part.show;
        }
      }
      flush();
      if (rise !== 0) operators += '0 Ts ';
      write(`${operators}ET`);
    },
    rule(x1, y1, x2, y2, colour, thickness = 0.5, dash = '') {
      write(
        `q\n${paint(colour, 'RG')}\n${tidy(thickness)} w\n${dash ? `[${dash}] 0 d\n` : ''}${tidy(x1)} ${tidy(y1)} m ${tidy(x2)} ${tidy(y2)} l S\nQ`,
      );
    },
    fill(x, y, width, height, colour, radius = 0) {
      paper.path(rectangle(x, y, width, height, radius), 'f', colour);
    },
    stroke(x, y, width, height, colour, radius = 0, thickness = 0.6) {
      paper.path(rectangle(x, y, width, height, radius), 'S', colour, thickness);
    },
    path(operators, painting, colour, thickness = 0.6) {
      write(`q\n${paint(colour, 'rg')}\n${paint(colour, 'RG')}\n${tidy(thickness)} w\n${operators} ${painting}\nQ`);
    },
    tagged(type, draw, options = {}) {
      const content = document.markStructureContent(type);
      draw();
      document.endMarkedContent();
      return document.struct(type, options as PDFKit.Mixins.StructureElementOptions as never, [content]);
    },
    group: (type, children) => document.struct(type, {}, [...children]),
    artifact(draw) {
      document.markContent('Artifact', { type: 'Layout' });
      draw();
      document.endMarkedContent();
    },
    linked(destination, x, y, width, height, description, draw) {
      const content = document.markStructureContent('Link');
      draw();
      document.endMarkedContent();
      const link = document.struct('Link');
      rememberPage(link, document);
      link.add(content);
      document.annotate(x, y, width, height, {
        Subtype: 'Link',
        Dest: destination,
        Contents: new String(description),
        F: 4,
        structParent: link,
      });
      link.end();
      return link;
    },
    destination(name, y) {
      document.addNamedDestination(name, 'XYZ', 0, y, null as never);
    },
    outline(title, y, level) {
      const options = { top: y, left: size.width, expanded: false } as never;
      if (level === 0 || !sections) sections = document.outline.addItem(title.toWellFormed(), options);
      else sections.addItem(title.toWellFormed(), options);
    },
    add(structure) {
      document.addStructure(structure);
    },
    finish() {
      streams.close();
      document.appendXML(accessible);
      document.end();
      return document.read() as Uint8Array;
    },
  };
  return paper;
}

/** PDF/UA-1 beside PDF/A-3a: the claim, and the schema that PDF/A wants for it (ISO 19005-3, 6.6.2.3). */
const accessible = `
        <rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
            <pdfuaid:part>1</pdfuaid:part>
        </rdf:Description>
        <rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
            <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
                <pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
                <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
                <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
                <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
                    <pdfaProperty:name>part</pdfaProperty:name>
                    <pdfaProperty:valueType>Integer</pdfaProperty:valueType>
                    <pdfaProperty:category>internal</pdfaProperty:category>
                    <pdfaProperty:description>Part of ISO 14289 that the file follows</pdfaProperty:description>
                </rdf:li></rdf:Seq></pdfaSchema:property>
            </rdf:li></rdf:Bag></pdfaExtension:schemas>
        </rdf:Description>
`;

/** pdfkit notes the page that is current when the element is written; the annotation lies on the one where it was made. */
function rememberPage(structure: Structure, document: Document): void {
  const { page } = document;
  const element = structure as unknown as { _flushChild(child: unknown): void };
  const flushChild = element._flushChild.bind(structure);
  element._flushChild = (child) => {
    const current = document.page;
    document.page = page;
    flushChild(child);
    document.page = current;
  };
}

/** A rectangle, or one with round corners, as path operators. */
function rectangle(x: number, y: number, width: number, height: number, radius: number): string {
  if (radius === 0) return `${tidy(x)} ${tidy(y)} ${tidy(width)} ${tidy(height)} re`;
  const r = Math.min(radius, width / 2, height / 2);
  const k = r * 0.448;
  const point = (px: number, py: number) => `${tidy(px)} ${tidy(py)}`;
  const right = x + width;
  const bottom = y + height;
  return [
    `${point(x + r, y)} m ${point(right - r, y)} l`,
    `${point(right - k, y)} ${point(right, y + k)} ${point(right, y + r)} c`,
    `${point(right, bottom - r)} l`,
    `${point(right, bottom - k)} ${point(right - k, bottom)} ${point(right - r, bottom)} c`,
    `${point(x + r, bottom)} l`,
    `${point(x + k, bottom)} ${point(x, bottom - k)} ${point(x, bottom - r)} c`,
    `${point(x, y + r)} l`,
    `${point(x, y + k)} ${point(x + k, y)} ${point(x + r, y)} c h`,
  ].join(' ');
}

/**
 * Page content in strings of its own: written and deflated when the page is left, so that only deflated pages wait in
 * memory. What is drawn on a page later (contents, folios) becomes a further stream of that page.
 */
function contentStreams(document: Document): {
  write(operators: string): void;
  /** True when the page is in this colour already; the state is this one afterwards. */
  colour(colour: Colour): boolean;
  font(operator: string): boolean;
  close(): void;
} {
  let pending: string[] = [];
  let state: { colour?: Colour; font?: string } = {};
  const written = new WeakSet<Page>();
  const write = (operators: string) => {
    pending.push(operators);
  };
  (document as Internals).addContent = write;
  return {
    write,
    colour(colour) {
      const same = state.colour === colour;
      state.colour = colour;
      return same;
    },
    font(operator) {
      const same = state.font === operator;
      state.font = operator;
      return same;
    },
    close() {
      state = {};
      const { page } = document;
      if (!page || pending.length === 0) return;
      const bytes = Buffer.from(`${pending.join('\n')}\n`, 'latin1');
      pending = [];
      if (!written.has(page)) {
        written.add(page);
        page.content.write(bytes);
        page.content.end();
        page.dictionary.data['Contents'] = [page.content];
        page.end = () => {
          page._setTabOrder();
          page.resources.data['ColorSpace'] = {};
          page.dictionary.end();
          page.resources.end();
        };
        return;
      }
      const more = document.ref();
      more.write(bytes);
      more.end();
      (page.dictionary.data['Contents'] as Reference[]).push(more);
    },
  };
}

function deflateStreams(document: Document): void {
  const create = document.ref.bind(document);
  function finalize(this: Reference): void {
    const length = this.buffer.reduce((sum, { length }) => sum + length, 0);
    // Metadata stays readable for programs that know no PDF (ISO 19005-3, 6.6.2.1).
    if (length > 256 && !this.data['Filter'] && this.data['Subtype'] !== 'XML') {
      this.buffer = [zlibSync(this.buffer.length === 1 ? this.buffer[0]! : Buffer.concat(this.buffer), { level: 1 })];
      this.data['Filter'] = 'FlateDecode';
    }
    (Object.getPrototypeOf(this) as Reference).finalize.call(this);
  }
  (document as Internals).ref = (data) => {
    const reference = create(data);
    reference.finalize = finalize;
    return reference;
  };
}
