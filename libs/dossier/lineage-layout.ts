/** A small layered layout (Sugiyama: layers by longest path, order by barycentres), left to right, deterministic. */

export interface PlacedNode {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly layers: number;
  readonly width: number;
  readonly height: number;
}

/** Sizes in points. */
export interface LayoutOptions {
  readonly width: number;
  readonly nodeHeight: number;
  readonly gap: number;
  /** Smallest horizontal way between two layers' left edges; more layers than fit are drawn narrower. */
  readonly maxColumn: number;
}

export function layeredLayout(
  ids: readonly string[],
  edges: readonly { readonly from: string; readonly to: string }[],
  options: LayoutOptions,
): Layout {
  const layer = layersOf(ids, edges);
  const layers = Math.max(0, ...layer.values()) + 1;
  const columns: string[][] = Array.from({ length: layers }, () => []);
  for (const id of ids) columns[layer.get(id)!]!.push(id);
  order(columns, edges);
  const tallest = Math.max(...columns.map((column) => column.length));
  const pitch = options.nodeHeight + options.gap;
  const height = tallest * pitch - options.gap;
  const column = layers === 1 ? options.width : Math.min(options.maxColumn, options.width / layers);
  const nodes = new Map<string, PlacedNode>();
  for (const [index, members] of columns.entries()) {
    const top = (height - (members.length * pitch - options.gap)) / 2;
    for (const [row, id] of members.entries()) nodes.set(id, { id, x: index * column, y: top + row * pitch });
  }
  return { nodes, layers, width: column * layers, height };
}

/** Longest path from the sources; a source then moves right up to its nearest target. Cycles are cut where met. */
function layersOf(ids: readonly string[], edges: readonly { from: string; to: string }[]): Map<string, number> {
  const incoming = new Map<string, string[]>();
  const outgoing = new Map<string, string[]>();
  for (const { from, to } of edges) {
    incoming.set(to, [...(incoming.get(to) ?? []), from]);
    outgoing.set(from, [...(outgoing.get(from) ?? []), to]);
  }
  const layer = new Map<string, number>();
  const open = new Set<string>();
  const depth = (id: string): number => {
    const known = layer.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return 0;
    open.add(id);
    const value = Math.max(-1, ...(incoming.get(id) ?? []).map(depth)) + 1;
    open.delete(id);
    layer.set(id, value);
    return value;
  };
  for (const id of ids) depth(id);
  for (const id of ids) {
    const targets = outgoing.get(id) ?? [];
    if ((incoming.get(id) ?? []).length === 0 && targets.length > 0)
      layer.set(id, Math.max(0, Math.min(...targets.map((target) => layer.get(target)!)) - 1));
  }
  return layer;
}

function order(columns: string[][], edges: readonly { from: string; to: string }[]): void {
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of edges) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  for (let sweep = 0; sweep < 6; sweep += 1) {
    const place = new Map<string, number>();
    for (const column of columns) for (const [row, id] of column.entries()) place.set(id, (row + 0.5) / column.length);
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      const weight = new Map(
        column.map((id) => {
          const near = (neighbours.get(id) ?? []).map((other) => place.get(other)!);
          return [id, near.length > 0 ? near.reduce((sum, value) => sum + value, 0) / near.length : place.get(id)!];
        }),
      );
      const rank = new Map(column.map((id, row) => [id, row]));
      column.sort((a, b) => weight.get(a)! - weight.get(b)! || rank.get(a)! - rank.get(b)!);
      for (const [row, id] of column.entries()) place.set(id, (row + 0.5) / column.length);
    }
  }
}
