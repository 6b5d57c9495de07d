import type { FittedModel, SummaryValue } from '../algorithm.js';
import { softmaxInPlace } from '../linear/linear-model.js';
import { integer } from '../onnx/index.js';
import { rowsOnBoundaries, scoreEnsemble } from './ensemble.js';
import type { Ensemble } from './ensemble.js';
import { addEnsemble } from './onnx.js';

/**
 * From scores to outputs: as they are, σ of log-odds to two classes, softmax of logits, or the share of class 1 to two
 * classes.
 */
export type Link = 'identity' | 'sigmoid' | 'softmax' | 'share';

/** How every model of trees predicts and is written. */
export function treeModel(
  name: string,
  ensemble: Ensemble,
  link: Link,
  names: readonly string[],
  summary: Readonly<Record<string, SummaryValue>>,
): FittedModel {
  const pairs = link === 'sigmoid' || link === 'share';
  const outputs = pairs ? 2 : ensemble.outputs;
  const nodes = ensemble.trees.reduce((sum, { feature }) => sum + feature.length, 0);
  return {
    outputs,
    summary: { ...summary, trees: ensemble.trees.length, nodes, splits: splitsByColumn(ensemble, names) },
    predict(values, rows) {
      const scores = scoreEnsemble(ensemble, values, rows);
      if (link === 'softmax') for (let row = 0; row < rows; row += 1) softmaxInPlace(scores, row * outputs, outputs);
      if (!pairs) return scores;
      const both = new Float64Array(rows * 2);
      for (let row = 0; row < rows; row += 1) {
        const p = link === 'share' ? scores[row]! : 1 / (1 + Math.exp(-scores[row]!));
        both[2 * row] = 1 - p;
        both[2 * row + 1] = p;
      }
      return both;
    },
    addTo(graph, input) {
      const score = addEnsemble(graph, name, input, ensemble);
      if (link === 'identity') return { name: score, type: 'float64' };
      if (link === 'softmax')
        return { name: graph.node('Softmax', `${name}_softmax`, [score], [integer('axis', 1)]), type: 'float64' };
      const positive = link === 'sigmoid' ? graph.node('Sigmoid', `${name}_positive`, [score]) : score;
      const one = graph.constant(`${name}_one`, [1, 1], Float64Array.of(1));
      const negative = graph.node('Sub', `${name}_negative`, [one, positive]);
      const both = graph.node('Concat', `${name}_probabilities`, [negative, positive], [integer('axis', 1)]);
      return { name: both, type: 'float64' };
    },
    boundaryRows: (values, rows) => rowsOnBoundaries(ensemble.trees, values, rows),
  };
}

/** How often each column is compared. */
function splitsByColumn({ trees }: Ensemble, names: readonly string[]): Record<string, number> {
  const counts = new Map<number, number>();
  for (const { feature } of trees)
    for (const column of feature) if (column >= 0) counts.set(column, (counts.get(column) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b).map(([column, count]) => [names[column]!, count]));
}
