import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MalformedInference,
  encodeInferenceResponse,
  parseInferenceRequest,
  valuesFromBytes,
  valuesToBytes,
} from '#libs/serving';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const input = (change: object = {}): object => ({
  name: 'x',
  shape: [1, 2],
  datatype: 'FP32',
  data: [1, 2],
  ...change,
});
const parse = (value: unknown) => parseInferenceRequest(json(value), undefined);

function fault(body: Uint8Array, headerLength?: string): string {
  try {
    parseInferenceRequest(body, headerLength);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedInference);
    return (error as MalformedInference).field;
  }
  throw new Error('taken');
}

describe('the inference protocol', () => {
  test('flat and nested data are the same tensor', () => {
    const flat = parse({ inputs: [input({ shape: [2, 2], data: [1, 2, 3, 4] })] });
    const nested = parse({
      inputs: [
        input({
          shape: [2, 2],
          data: [
            [1, 2],
            [3, 4],
          ],
        }),
      ],
    });
    expect(nested.inputs).toEqual(flat.inputs);
    expect(flat.inputs[0]!.data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test('id, key and the outputs asked for are read', () => {
    const request = parse({ id: 'r1', parameters: { key: 'customer-1' }, inputs: [input()], outputs: [{ name: 'p' }] });
    expect(request).toMatchObject({ id: 'r1', key: 'customer-1', outputs: [{ name: 'p', binary: false }] });
  });

  test('64-bit integers keep every digit', () => {
    const data = ['9223372036854775807', -5];
    const { inputs } = parse({ inputs: [input({ datatype: 'INT64', data })] });
    expect(inputs[0]!.data).toEqual(BigInt64Array.of(9223372036854775807n, -5n));
  });

  test('a request of tritonclient: JSON, then little-endian bytes', () => {
    const values = Float32Array.of(0.5, -2);
    const strings = valuesToBytes({ name: 's', datatype: 'BYTES', shape: [2], data: ['ä', ''] });
    const header = json({
      inputs: [
        { name: 'x', shape: [1, 2], datatype: 'FP32', parameters: { binary_data_size: 8 } },
        { name: 's', shape: [2], datatype: 'BYTES', parameters: { binary_data_size: strings.length } },
      ],
      parameters: { binary_data_output: true },
    });
    const body = Buffer.concat([header, new Uint8Array(values.buffer), strings]);
    const request = parseInferenceRequest(body, String(header.length));
    expect(request.inputs.map(({ data }) => data)).toEqual([values, ['ä', '']]);
    expect(request.binaryOutput).toBe(true);
  });

  test('a response carries JSON and binary outputs side by side', () => {
    const encoded = encodeInferenceResponse({
      modelName: 'm',
      modelVersion: '2',
      id: 'r1',
      parameters: {},
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [1], data: BigInt64Array.of(7n), binary: false },
        { name: 'p', datatype: 'FP32', shape: [1, 1], data: Float32Array.of(0.25), binary: true },
        { name: 'bad', datatype: 'FP64', shape: [1], data: Float64Array.of(Number.NaN), binary: false },
      ],
    });
    const header = JSON.parse(Buffer.from(encoded.body).subarray(0, encoded.headerLength).toString());
    expect(header.outputs[0].data).toEqual(['7']);
    expect(header.outputs[1].parameters).toEqual({ binary_data_size: 4 });
    expect(header.outputs[2].data).toEqual([null]);
    expect(Buffer.from(encoded.body).subarray(encoded.headerLength).readFloatLE()).toBe(0.25);
  });

  test('what is wrong is named by its field', () => {
    expect(fault(Buffer.from('{'))).toBe('body');
    expect(fault(Buffer.from([0xff, 0xfe]))).toBe('body');
    expect(fault(json([]))).toBe('body');
    expect(fault(json({}))).toBe('inputs');
    expect(fault(json({ inputs: [] }))).toBe('inputs');
    expect(fault(json({ inputs: [input(), input()] }))).toBe('inputs');
    expect(fault(json({ inputs: [input({ name: '' })] }))).toBe('inputs[0].name');
    expect(fault(json({ inputs: [input({ datatype: 'FP16' })] }))).toBe('inputs[0].datatype');
    expect(fault(json({ inputs: [input({ shape: [2, -1] })] }))).toBe('inputs[0].shape');
    expect(fault(json({ inputs: [input({ shape: [1e9, 1e9] })] }))).toBe('inputs[0].shape');
    expect(fault(json({ inputs: [input({ data: [1] })] }))).toBe('inputs[0].data');
    expect(fault(json({ inputs: [input({ data: [1, null] })] }))).toBe('inputs[0].data[1]');
    expect(fault(json({ inputs: [input({ data: [1, '2'] })] }))).toBe('inputs[0].data[1]');
    expect(fault(json({ inputs: [input({ datatype: 'INT8', data: [1, 128] })] }))).toBe('inputs[0].data[1]');
    expect(fault(json({ inputs: [input({ datatype: 'INT32', data: [1.5, 1] })] }))).toBe('inputs[0].data[0]');
    expect(fault(json({ inputs: [input({ datatype: 'INT64', data: [2 ** 53, 1] })] }))).toBe('inputs[0].data[0]');
    expect(fault(json({ inputs: [input({ data: [1, 1e300] })] }))).toBe('inputs[0].data[1]');
    expect(fault(json({ id: 1, inputs: [input()] }))).toBe('id');
    expect(fault(json({ parameters: { key: '' }, inputs: [input()] }))).toBe('parameters.key');
    expect(fault(Buffer.from('{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1e999]}]}'))).toBe(
      'inputs[0].data[0]',
    );
  });

  test('binary bodies that do not add up are refused', () => {
    const header = (size: unknown) =>
      json({ inputs: [{ name: 'x', shape: [1], datatype: 'FP32', parameters: { binary_data_size: size } }] });
    const send = (size: unknown, bytes: number): string =>
      fault(Buffer.concat([header(size), Buffer.alloc(bytes)]), String(header(size).length));
    expect(send(8, 4)).toBe('inputs[0].parameters.binary_data_size');
    expect(send(-4, 4)).toBe('inputs[0].parameters.binary_data_size');
    expect(send('4', 4)).toBe('inputs[0].parameters.binary_data_size');
    expect(send(3, 3)).toBe('inputs[0]');
    expect(send(4, 5)).toBe('body');
    expect(fault(header(0), '1e9')).toBe('Inference-Header-Content-Length');
    const notFinite = Buffer.alloc(4);
    notFinite.writeFloatLE(Number.POSITIVE_INFINITY);
    expect(fault(Buffer.concat([header(4), notFinite]), String(header(4).length))).toBe('inputs[0]');
  });

  test('property: strings survive the binary form', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (data) => {
        const bytes = valuesToBytes({ name: 's', datatype: 'BYTES', shape: [data.length], data });
        expect(valuesFromBytes('BYTES', data.length, bytes, 's')).toEqual(data);
      }),
    );
  });

  test('property: hostile bytes are refused with a field or taken, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.option(fc.nat(250), { nil: undefined }), (bytes, length) => {
        try {
          parseInferenceRequest(bytes, length?.toString());
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedInference);
        }
      }),
    );
  });
});
