import type { Cell, LineageNode, Section } from '../content.js';
import { count, shortId, time } from '../format.js';
import type { Scribe } from '../scribe.js';
import { cite } from '../scribe.js';
import type { DossierEvent } from '../source.js';
import { dataName } from './data.js';

/** More nodes of one kind than this are drawn as one node with their number; the sections list them one by one. */
const nodesPerKind = 8;

/** From the data to what served, with the people who contributed. */
export function lineage(scribe: Scribe): Section {
  return scribe.section('lineage', 'Lineage', () => {
    const graph = collect(scribe);
    if (graph.nodes.length === 0) return [{ kind: 'paragraph', cells: [scribe.gap('lineage of this version')] }];
    return [
      {
        kind: 'lineage',
        caption: 'What was made from what, left to right, and by whom',
        summary: graph.edges
          .map(({ from, to, label }) => `${titleOf(graph.nodes, from)} ${label ?? 'to'} ${titleOf(graph.nodes, to)}`)
          .join('; '),
        ...graph,
      },
      {
        kind: 'table',
        caption: 'The same as a list',
        columns: [
          { title: 'From', share: 0.4 },
          { title: 'Relation', share: 0.2 },
          { title: 'To', share: 0.4 },
        ],
        rows: graph.edges.map(({ from, to, label }): Cell[] => [
          nodeFact(graph.nodes, from),
          { kind: 'label', text: label ?? 'to' },
          nodeFact(graph.nodes, to),
        ]),
      },
    ];
  });
}

function nodeFact(nodes: readonly LineageNode[], id: string): Cell {
  const node = nodes.find((candidate) => candidate.id === id)!;
  return { kind: 'fact', text: `${node.kind.replace('-', ' ')}: ${node.title}`, events: node.events.slice(0, 1) };
}

const titleOf = (nodes: readonly LineageNode[], id: string) => nodes.find((node) => node.id === id)?.title ?? id;

interface Graph {
  readonly nodes: LineageNode[];
  readonly edges: { from: string; to: string; label?: string }[];
}

function collect(scribe: Scribe): Graph {
  const { history, input } = scribe;
  const nodes = new Map<string, { node: LineageNode; events: DossierEvent[] }>();
  const edges = new Map<string, { from: string; to: string; label?: string }>();
  const acts = new Map<string, Set<string>>();

  const add = (id: string, kind: LineageNode['kind'], title: string, detail: string, event: DossierEvent) => {
    const known = nodes.get(id);
    if (known) known.events.push(event);
    else nodes.set(id, { node: { id, kind, title, detail, events: [] }, events: [event] });
  };
  const link = (from: string, to: string, label?: string) =>
    edges.set(`${from}\n${to}\n${label ?? ''}`, { from, to, ...(label ? { label } : {}) });
  const person = (identityId: string, to: string, label: string, event: DossierEvent) => {
    const id = `person:${identityId}`;
    add(id, 'person', scribe.nameOf(identityId), '', event);
    acts.set(id, (acts.get(id) ?? new Set<string>()).add(label));
    link(id, to, label);
  };
  const code = (
    reference: { commit: string; repository: string; authors: readonly string[] } | undefined,
    to: string,
    event: DossierEvent,
  ) => {
    if (!reference) return;
    const id = `code:${reference.repository}@${reference.commit}`;
    add(id, 'code', `code ${reference.commit.slice(0, 12)}`, reference.repository, event);
    link(id, to, 'code of');
    for (const author of reference.authors) person(author, id, 'wrote', event);
  };

  for (const event of history.of('DatasetVersionSealed')) {
    const id = `data:${event.data.datasetVersionId}`;
    add(
      id,
      'dataset-version',
      dataName(scribe, event.data.datasetVersionId),
      `SHA-256 ${event.data.content.digest.slice(0, 12)}…`,
      event,
    );
    for (const parent of event.data.derivedFrom) link(`data:${parent}`, id, 'source of');
    code(event.data.code, id, event);
    person(event.metadata.actor.id, id, 'sealed', event);
  }
  for (const event of history.of('TrainingRunStarted')) {
    const id = `run:${event.data.trainingRunId}`;
    add(
      id,
      'training-run',
      `training ${shortId(event.data.trainingRunId)}`,
      `${event.data.algorithm}, seed ${event.data.seed}`,
      event,
    );
    for (const data of event.data.datasetVersionIds) link(`data:${data}`, id, 'trained on');
    code(event.data.code, id, event);
    person(event.metadata.actor.id, id, 'trained', event);
  }
  for (const event of history.of('ModelVersionRegistered')) {
    if (event.data.modelVersionId !== input.modelVersionId) continue;
    const id = `version:${event.data.modelVersionId}`;
    add(
      id,
      'model-version',
      `version ${event.data.number}`,
      `SHA-256 ${event.data.artifact.digest.slice(0, 12)}…`,
      event,
    );
    if (event.data.trainingRunId) link(`run:${event.data.trainingRunId}`, id, 'made');
    else for (const data of event.data.datasetVersionIds) link(`data:${data}`, id, 'trained on, as said');
    code(event.data.code, id, event);
    person(event.metadata.actor.id, id, 'registered', event);
  }
  const version = `version:${input.modelVersionId}`;
  for (const event of history.of('EvaluationRecorded')) {
    if (event.data.modelVersionId !== input.modelVersionId) continue;
    const id = `evaluation:${event.data.evaluationId}`;
    const gates = history.stream(event.stream).filter(({ type }) => type === 'GateDecided');
    const verdicts = gates.map((gate) => (gate.data as { verdict: string }).verdict);
    add(
      id,
      'evaluation',
      `evaluation ${event.data.kinds.join(', ')}`,
      verdicts.length > 0 ? `gates: ${verdicts.join(', ')}` : 'no gate decided',
      event,
    );
    link(version, id, 'evaluated in');
    person(event.metadata.actor.id, id, 'evaluated', event);
  }
  for (const event of history.of('ApprovalRequested')) {
    if (event.data.modelVersionId !== input.modelVersionId) continue;
    const id = `approval:${event.data.approvalId}`;
    add(
      id,
      'approval',
      `approval for ${event.data.environment}`,
      `requested ${time(event.metadata.occurredAt).slice(0, 16)}`,
      event,
    );
    const pinned = event.data.pins
      .filter(({ kind }) => kind === 'evaluation')
      .map(({ stream }) => `evaluation:${stream.slice(stream.indexOf('.') + 1)}`);
    for (const evaluation of pinned) if (nodes.has(evaluation)) link(evaluation, id, 'evidence for');
    if (pinned.length === 0) link(version, id, 'approved in');
    for (const { data, ...signed } of history.of('ApprovalSigned'))
      if (signed.stream === event.stream) person(data.signature.signerId, id, 'signed', history.byId(signed.id)!);
  }
  for (const event of history.of('OverrideUsed')) {
    const id = `override:${event.data.overrideId}`;
    add(id, 'override', 'EMERGENCY OVERRIDE', `for ${event.data.environment}`, event);
    link(version, id, 'overridden in');
    person(event.data.operatorId, id, 'used', event);
  }
  for (const event of history.of('PermitIssued')) {
    const { permit } = event.data;
    const id = `permit:${permit.permitId}`;
    add(id, 'permit', `permit for ${permit.environment}`, `until ${time(permit.validUntil).slice(0, 16)}`, event);
    link(`${permit.basis.kind}:${permit.basis.id}`, id, 'basis of');
  }
  for (const event of history.of('DeploymentStarted')) {
    const id = `deployment:${event.data.deploymentId}`;
    add(id, 'deployment', `${event.data.endpoint}`, event.data.environment, event);
    for (const later of history.stream(event.stream))
      if ('arms' in later.data)
        for (const arm of later.data.arms)
          if (nodes.has(`permit:${arm.permitId}`)) link(`permit:${arm.permitId}`, id, 'served at');
  }
  for (const [id, words] of acts) {
    const known = nodes.get(id)!;
    nodes.set(id, { ...known, node: { ...known.node, detail: [...words].join(', ') } });
  }
  return grouped(nodes, [...edges.values()]);
}

/** Folds kinds with too many nodes into one node each, and drops edges whose other end is not in the dossier. */
function grouped(
  nodes: ReadonlyMap<string, { node: LineageNode; events: readonly DossierEvent[] }>,
  edges: readonly { from: string; to: string; label?: string }[],
): Graph {
  const byKind = new Map<string, number>();
  for (const { node } of nodes.values()) byKind.set(node.kind, (byKind.get(node.kind) ?? 0) + 1);
  const place = new Map<string, string>();
  const kept = new Map<string, { node: LineageNode; events: DossierEvent[] }>();
  for (const [id, { node, events }] of nodes) {
    const many = byKind.get(node.kind) ?? 0;
    if (many <= nodesPerKind) {
      place.set(id, id);
      kept.set(id, { node, events: [...events] });
      continue;
    }
    const group = `group:${node.kind}`;
    place.set(id, group);
    const known = kept.get(group);
    if (known) known.events.push(...events);
    else {
      const title = count(many, node.kind.replace('-', ' '));
      kept.set(group, {
        node: { ...node, id: group, title, detail: 'drawn as one; listed in the sections' },
        events: [...events],
      });
    }
  }
  const drawn = new Map<string, { from: string; to: string; label?: string }>();
  for (const edge of edges) {
    const from = place.get(edge.from);
    const to = place.get(edge.to);
    if (!from || !to || from === to) continue;
    const key = `${from}\n${to}`;
    const known = drawn.get(key);
    const label =
      known?.label && edge.label && !known.label.split(', ').includes(edge.label)
        ? `${known.label}, ${edge.label}`
        : (known?.label ?? edge.label);
    drawn.set(key, { from, to, ...(label ? { label } : {}) });
  }
  return {
    nodes: [...kept.values()].map(({ node, events }) => ({
      ...node,
      events: [...new Map(events.slice(0, 50).map((event) => [event.id, cite(event)])).values()],
    })),
    edges: [...drawn.values()],
  };
}
