/** What a split lowers. */
export type Criterion = 'gini' | 'entropy' | 'squared_error';

/** Sums over the rows of a node. */
export interface NodeSums {
  readonly weight: number;
  /** What a leaf here would say: shares of classes (two: of class 1) or the mean. */
  readonly leaf: Float64Array;
  /** No split can gain anything. */
  readonly pure: boolean;
  /** Weight of each class; or weight, Σwy and Σwy² about the mean of the whole target. */
  readonly sums: Float64Array;
}

/** Moves rows from the right side of a cut to its left one and tells what the cut gains. */
export interface Impurity {
  whole(order: Int32Array, start: number, end: number): NodeSums;
  /** All rows of the node lie to the right. */
  begin(node: NodeSums): void;
  move(row: number): void;
  /** Weight × impurity of the node less those of the sides. */
  gain(): number;
}

export function impurityOf(
  criterion: Criterion,
  classes: number,
  target: Float64Array,
  weights: Float64Array,
): Impurity {
  return criterion === 'squared_error'
    ? squaredError(target, weights)
    : classImpurity(criterion, classes, target, weights);
}

function classImpurity(
  criterion: 'gini' | 'entropy',
  classes: number,
  target: Float64Array,
  weights: Float64Array,
): Impurity {
  const left = new Float64Array(classes);
  const right = new Float64Array(classes);
  let parent = 0;
  let leftWeight = 0;
  let rightWeight = 0;
  const measure = criterion === 'gini' ? gini : entropy;
  return {
    whole(order, start, end) {
      const sums = new Float64Array(classes);
      let weight = 0;
      for (let i = start; i < end; i += 1) {
        const row = order[i]!;
        sums[target[row]!]! += weights[row]!;
        weight += weights[row]!;
      }
      const shares = sums.map((sum) => sum / weight);
      const present = sums.reduce((count, sum) => count + (sum > 0 ? 1 : 0), 0);
      return { weight, sums, pure: present < 2, leaf: classes === 2 ? shares.slice(1) : shares };
    },
    begin({ sums, weight }) {
      left.fill(0);
      right.set(sums);
      leftWeight = 0;
      rightWeight = weight;
      parent = measure(sums, weight);
    },
    move(row) {
      const weight = weights[row]!;
      const label = target[row]!;
      left[label]! += weight;
      right[label]! -= weight;
      leftWeight += weight;
      rightWeight -= weight;
    },
    gain: () => parent - measure(left, leftWeight) - measure(right, rightWeight),
  };
}

/** Weight × Gini impurity: W − Σ w²/W. */
function gini(sums: Float64Array, weight: number): number {
  let squares = 0;
  for (let k = 0; k < sums.length; k += 1) squares += sums[k]! * sums[k]!;
  return weight > 0 ? weight - squares / weight : 0;
}

/** Weight × entropy, in nats. */
function entropy(sums: Float64Array, weight: number): number {
  let result = 0;
  for (let k = 0; k < sums.length; k += 1) if (sums[k]! > 0) result -= sums[k]! * Math.log(sums[k]! / weight);
  return result;
}

function squaredError(target: Float64Array, weights: Float64Array): Impurity {
  // About the whole mean: squares of what is left lose nothing to a target far from 0.
  let total = 0;
  let sum = 0;
  for (let row = 0; row < target.length; row += 1) {
    if (!(weights[row]! > 0)) continue;
    total += weights[row]!;
    sum += weights[row]! * target[row]!;
  }
  const centre = sum / total;
  let wholeWeight = 0;
  let wholeSum = 0;
  let leftWeight = 0;
  let leftSum = 0;
  return {
    whole(order, start, end) {
      let weight = 0;
      let first = 0;
      const one = target[order[start]!]!;
      let pure = true;
      for (let i = start; i < end; i += 1) {
        const row = order[i]!;
        weight += weights[row]!;
        first += weights[row]! * (target[row]! - centre);
        pure &&= target[row] === one;
      }
      const mean = pure ? one : centre + first / weight;
      return { weight, leaf: Float64Array.of(mean), pure, sums: Float64Array.of(weight, first) };
    },
    begin({ sums }) {
      [wholeWeight, wholeSum] = [sums[0]!, sums[1]!];
      leftWeight = 0;
      leftSum = 0;
    },
    move(row) {
      leftWeight += weights[row]!;
      leftSum += weights[row]! * (target[row]! - centre);
    },
    gain() {
      const rightWeight = wholeWeight - leftWeight;
      const rightSum = wholeSum - leftSum;
      return (
        (leftSum * leftSum) / leftWeight + (rightSum * rightSum) / rightWeight - (wholeSum * wholeSum) / wholeWeight
      );
    },
  };
}
