import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from '#libs/statistics';
import { environmentSignature } from '../job/environment.js';
import { GraphBuilder, describeOnnx, integer } from '../onnx/index.js';
import { efficiencyOf } from './efficiency.js';
import { energyBetween, readEnergy, startMeter } from './resources.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-record-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('energy', () => {
  const zone = (root: string, name: string, energy: string): void => {
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, 'energy_uj'), `${energy}\n`);
    writeFileSync(join(root, name, 'max_energy_range_uj'), '262143328850\n');
  };

  test('is the sum over packages, a wrapped counter mended, parts of a package not counted twice', () => {
    const root = join(folder, 'powercap');
    zone(root, 'intel-rapl:0', '1000000');
    zone(root, 'intel-rapl:1', '262143000000');
    zone(root, 'intel-rapl:0:0', '5');
    const before = readEnergy(root);
    zone(root, 'intel-rapl:0', '3500000');
    zone(root, 'intel-rapl:1', '671150');
    zone(root, 'intel-rapl:0:0', '900000000');
    expect(energyBetween(before, readEnergy(root))).toMatchObject({ joules: 2.5 + 1 });
  });

  test('that cannot be read says why', () => {
    expect(energyBetween(readEnergy(join(folder, 'nowhere')), new Map())).toEqual({ unavailable: 'no-rapl' });
    mkdirSync(join(folder, 'locked', 'intel-rapl:0'), { recursive: true });
    expect(readEnergy(join(folder, 'locked'))).toBe('not-readable');
  });

  test('stands beside time and memory of what was measured', () => {
    const stop = startMeter();
    let sum = 0;
    for (let i = 0; i < 1e5; i += 1) sum += Math.sqrt(i);
    const used = stop();
    expect(sum).toBeGreaterThan(0);
    expect(used.cpuMilliseconds).toBeGreaterThan(0);
    expect(used.cpuMilliseconds).toBeCloseTo(used.cpuUserMilliseconds + used.cpuSystemMilliseconds, 6);
    expect(used.wallMilliseconds).toBeGreaterThan(0);
    expect(used.memoryPeakBytes).toBeGreaterThanOrEqual(used.memoryBytes / 2);
  });
});

describe('the environment', () => {
  test('has one digest per environment and seed', () => {
    const one = environmentSignature(1);
    expect(environmentSignature(1)).toEqual(one);
    expect(environmentSignature(2).digest).not.toBe(one.digest);
    expect(one.lockfile).toMatch(/^[0-9a-f]{64}$/);
    expect(one.generators).toEqual(['MT19937', 'xoshiro128**']);
  });
});

describe('the architecture', () => {
  test('counts parameters and operations of a row, node by node', () => {
    const graph = new GraphBuilder('g');
    const x = graph.input('x', ['n', 3]);
    const centred = graph.node('Sub', 'centred', [x, graph.constant('means', [1, 3], new Float32Array(3))]);
    const wide = graph.node('MatMul', 'wide', [centred, graph.constant('w', [3, 5], new Float32Array(15))]);
    const sum = graph.node('Add', 'sum', [wide, graph.constant('b', [1, 5], new Float32Array(5))]);
    const relu = graph.node('Relu', 'relu', [sum]);
    const last = graph.node('MatMul', 'last', [relu, graph.constant('v', [5, 2], new Float32Array(10))]);
    const soft = graph.node('Softmax', 'soft', [last], [integer('axis', 1)]);
    const odd = graph.node('Celu', 'odd', [soft]);
    graph.output('y', odd, ['n', 2]);
    const { nodes, edges, parameters } = describeOnnx(graph.finish('0', {}));
    const cost = Object.fromEntries(nodes.map(({ name, flops, parameters: own }) => [name, [own, flops]]));
    expect(cost).toEqual({
      centred: [3, 3],
      wide: [15, 30],
      sum: [5, 5],
      relu: [0, 5],
      last: [10, 20],
      soft: [0, 6],
      odd: [0, undefined],
      y: [0, 0],
    });
    expect(parameters).toBe(33);
    expect(edges).toContainEqual(['wide', 'sum', 'wide']);
  });
});

describe('what a run is worth', () => {
  const value = (name: string, args: object): number | null => measure(`${name}@assay`, [], { ...args }).value;

  test('by hand', () => {
    // (2 · 0.9 + 1 / (1 + 3) + 60 / (60 + 20)) / 4
    expect(value('performance_metric', { accuracy: 0.9, latency: 3, resources: 20 })).toBeCloseTo(0.7, 12);
    expect(value('optimisation_score', { accuracy: 0.8, resources: 4, speed: 1000 })).toBe(200);
    expect(value('performance_index', { resources: 4, speed: 1000 })).toBe(250);
    // Span 10, within 0.5 of 10: two of five.
    expect(value('random_search_efficiency', { values: [0, 10, 9.6, 3, 9.4] })).toBe(0.4);
    expect(value('random_search_efficiency', { values: [0, 10, 9.6, 3, 0.2], direction: 'minimize' })).toBe(0.4);
    expect(value('random_search_efficiency', { values: [7, 7] })).toBe(1);
    expect(value('model_complexity', { parameters: 0 })).toBe(0);
    expect(value('model_complexity', { parameters: 999, reference: 999_999 })).toBeCloseTo(0.5, 12);
    expect(value('model_complexity', { parameters: 1e12 })).toBe(1);
    // (2 · 0.9 + 0.75 + 0.5) / 4
    expect(value('algorithm_suitability', { accuracy: 0.9, complexity: 0.25, interpretability: 0.5 })).toBeCloseTo(
      0.7625,
      12,
    );
  });

  test('is undefined over nothing, and refuses what is out of range', () => {
    expect(measure('performance_index@assay', [], { resources: 0, speed: 1 })).toMatchObject({
      value: null,
      undefined: 'zero-denominator',
    });
    expect(measure('random_search_efficiency@assay', [], { values: [] })).toMatchObject({ undefined: 'empty-sample' });
    expect(measure('optimisation_score@assay', [], { accuracy: 1, resources: 0, speed: 0 }).value).toBeNull();
    const refused = (name: string, args: object): void =>
      expect(() => value(name, args)).toThrow(expect.objectContaining({ code: 'WrongArgument' }));
    refused('performance_metric', { accuracy: 1.2, latency: 1, resources: 1 });
    refused('performance_metric', { accuracy: 1, latency: -1, resources: 1 });
    refused('algorithm_suitability', { accuracy: 1, complexity: 1, interpretability: 1, accuracyWeight: -1 });
    const weights = { accuracyWeight: 0, complexityWeight: 0, interpretabilityWeight: 0 };
    refused('algorithm_suitability', { accuracy: 1, complexity: 1, interpretability: 1, ...weights });
  });

  test('is told of a run as far as it was measured', () => {
    const run = {
      algorithm: 'ridge',
      parameters: 10,
      cpuMilliseconds: 2000,
      folds: [{ testRows: 100, scoreMilliseconds: 10 }],
    };
    const of = (scores: Record<string, number | null>) =>
      Object.fromEntries(efficiencyOf({ ...run, scores }).map(({ definition, value: own }) => [definition, own]));
    // 10,000 rows a second, 2 processor seconds.
    expect(of({ 'accuracy_score@sklearn': 0.9 })).toMatchObject({
      'optimisation_score@assay': 4500,
      'performance_index@assay': 5000,
    });
    expect(of({ 'r2_score@sklearn': -3 })['optimisation_score@assay']).toBe(0);
    expect(Object.keys(of({}))).toEqual(['performance_index@assay', 'model_complexity@assay']);
  });
});
