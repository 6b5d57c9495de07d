import type { Json } from '../signing/index.js';

/**
 * The content of a dossier: what the PDF prints and what the JSON twin holds. The PDF is a rendering of exactly this
 * value; nothing is printed that is not in here. Every fact names the events that it stands on.
 */
export interface DossierContent {
  readonly dossier: DossierHeader;
  readonly sections: readonly Section[];
  /** Every cited event, in $all order, with the bytes that its digest is over. */
  readonly events: readonly EventEvidence[];
  /** Names as they stood when the dossier was built; they are joined from the vault, never read from events. */
  readonly people: readonly Person[];
  /** Texts that people wrote (reasons, comments); the events hold only their salted digests. */
  readonly disclosures: readonly Disclosure[];
}

export interface DossierHeader {
  /** `<modelVersionId>@<asOf>`. */
  readonly id: string;
  readonly title: string;
  readonly modelVersionId: string;
  readonly modelId?: string;
  readonly workspace: string;
  readonly asOf: { readonly position: string; readonly time: string };
  /** First and last `recordedAt` among the cited events. */
  readonly period: { readonly from: string; readonly to: string };
  readonly audience: string;
  readonly language: 'en';
  readonly lateEntryLimitSeconds: number;
  readonly events: number;
}

/** A statement of the dossier. `at` and `value` let a verifier compare it with the stored bytes of `events[0]`. */
export interface Fact {
  readonly kind: 'fact';
  /** As printed. */
  readonly text: string;
  /** At least one; the first is the event that says it. */
  readonly events: readonly Citation[];
  /** JSON Pointer (RFC 6901) below `{"data": …, "metadata": …}` of `events[0]`; absent for what was derived. */
  readonly at?: string;
  readonly value?: Json;
  /** Digest of a disclosed text (reason, comment) that `text` shows. */
  readonly disclosure?: string;
  /** Printed in the tone of its meaning; the words say it too, colour never alone. */
  readonly tone?: Tone;
  /** Digests, ids and other text to be compared sign by sign. */
  readonly code?: true;
}

export interface Citation {
  readonly id: string;
  readonly digest: string;
}

/** A place where evidence was looked for and none is recorded. */
export interface Gap {
  readonly kind: 'gap';
  /** What is missing. */
  readonly text: string;
}

/** Words of the form itself: labels, template sentences. No fact about the model. */
export interface Label {
  readonly kind: 'label';
  readonly text: string;
}

export type Tone = 'favourable' | 'adverse' | 'attention';
export type Cell = Fact | Gap | Label;

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly cells: readonly Cell[] }
  | { readonly kind: 'facts'; readonly rows: readonly { readonly label: string; readonly cells: readonly Cell[] }[] }
  | TableBlock
  | IntervalChart
  | TrafficChart
  | LineageDrawing
  | { readonly kind: 'signature'; readonly heading: string; readonly rows: readonly SignatureRow[] };

export interface SignatureRow {
  readonly label: string;
  readonly cells: readonly Cell[];
}

export interface TableBlock {
  readonly kind: 'table';
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly share: number; readonly align?: 'right' }[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Points with confidence intervals on one scale; `limit` draws the threshold. Every number is also in a table. */
export interface IntervalChart {
  readonly kind: 'intervals';
  readonly caption: string;
  /** Says in words what the picture shows. */
  readonly summary: string;
  readonly scale: { readonly low: number; readonly high: number };
  readonly limit?: { readonly value: number; readonly text: string };
  readonly rows: readonly {
    readonly label: string;
    readonly value?: number;
    readonly low?: number;
    readonly high?: number;
    readonly text: string;
    readonly tone?: Tone;
  }[];
}

/** Share of traffic of each model version over time, one band per deployment. */
export interface TrafficChart {
  readonly kind: 'traffic';
  readonly caption: string;
  readonly summary: string;
  readonly from: string;
  readonly to: string;
  readonly bands: readonly {
    readonly label: string;
    readonly spans: readonly { readonly from: string; readonly to: string; readonly share: number }[];
  }[];
}

export interface LineageDrawing {
  readonly kind: 'lineage';
  readonly caption: string;
  readonly summary: string;
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label?: string }[];
}

export interface LineageNode {
  readonly id: string;
  readonly kind:
    | 'dataset-version'
    | 'code'
    | 'person'
    | 'training-run'
    | 'model-version'
    | 'evaluation'
    | 'approval'
    | 'override'
    | 'permit'
    | 'deployment';
  readonly title: string;
  readonly detail: string;
  readonly events: readonly Citation[];
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface EventEvidence {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly stream: string;
  readonly revision: string;
  readonly position: string;
  readonly recordedAt: string;
  /** SHA-256 over `data ‖ 0x00 ‖ metadata` in UTF-8. */
  readonly digest: string;
  /** Canonical JSON text as stored. */
  readonly data: string;
  /** Canonical JSON text as stored. */
  readonly metadata: string;
}

export interface Person {
  readonly id: string;
  readonly name?: string;
  readonly state: 'named' | 'erased' | 'unknown';
}

export interface Disclosure {
  readonly digest: string;
  readonly state: 'revealed' | 'erased' | 'withheld';
  readonly text?: string;
  /** Hex; SHA-256 over `salt bytes ‖ UTF-8 of text` is the digest (`libs/disclosure`). */
  readonly salt?: string;
}
