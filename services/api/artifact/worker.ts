// Run by `modelInspector`: says why the bytes it was given cannot be served, or undefined.
import { parentPort, workerData } from 'node:worker_threads';
import { describeOnnx } from '#libs/learning';
import { InputError } from '#libs/statistics';

let advice: string | undefined;
try {
  const { inputs, outputs } = describeOnnx(workerData as Uint8Array);
  if (inputs.length === 0) advice = 'must be an ONNX model with an input';
  if (outputs.length === 0) advice = 'must be an ONNX model with an output';
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  advice = `must be an ONNX model that can be served: ${error.message}`;
}
parentPort!.postMessage(advice);
