import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openContentFolder } from '#libs/content';
import type { ContentStore } from '#libs/content';
import { encodeModel } from '#libs/learning';
import { modelInspector } from './inspect.js';

const tensor = (name: string) => ({
  name,
  type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_value: 0 }, { dim_value: 2 }] } } },
});
const model = (node: object, output: object = tensor('probability')) =>
  encodeModel({
    ir_version: 8,
    opset_import: [{ domain: '', version: 15 }],
    graph: { name: 'g', node: [node], input: [tensor('features')], output: [output], initializer: [] },
  } as unknown as Parameters<typeof encodeModel>[0]);
const identity = { op_type: 'Identity', input: ['features'], output: ['probability'], name: 'same' };

describe('an uploaded model file', () => {
  let folder: string;
  let content: ContentStore;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-model-'));
    content = await openContentFolder(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const inspected = async (bytes: Uint8Array) => {
    const { digest, bytes: size } = await content.add(bytes);
    return modelInspector(content)({ digest, bytes: size, mediaType: 'application/onnx' });
  };

  test('that is ONNX with tensors in and out may be registered', async () => {
    expect(await inspected(model(identity))).toBeUndefined();
  });

  test('that ends in ZipMap is refused with the advice how to export it', async () => {
    const zipMap = { op_type: 'ZipMap', domain: 'ai.onnx.ml', input: ['features'], output: ['probability'] };
    expect(await inspected(model(zipMap))).toMatch(/ZipMap.*zipmap=False/);
  });

  test('that is no ONNX is refused', async () => {
    expect(await inspected(Buffer.from('PK\u0003\u0004 a pickle in a zip'))).toMatch(/^must be an ONNX model/);
    expect(await inspected(Buffer.alloc(0))).toMatch(/^must be an ONNX model/);
    expect(await inspected(model(identity).subarray(0, 20))).toMatch(/^must be an ONNX model/);
  });
});
