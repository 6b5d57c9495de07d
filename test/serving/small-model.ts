import { GraphBuilder } from '#libs/learning';

/** y = Sigmoid(features · [1, 2]): as small as a servable model gets. */
export function smallModel(): Uint8Array {
  const graph = new GraphBuilder('small');
  const features = graph.input('features', ['n', 2]);
  const product = graph.node('MatMul', 'product', [features, graph.constant('weights', [2, 1], Float32Array.of(1, 2))]);
  graph.output('probability', graph.node('Sigmoid', 'sigmoid', [product]), ['n', 1]);
  return graph.finish('test', {});
}
