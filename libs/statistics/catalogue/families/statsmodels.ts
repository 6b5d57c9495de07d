import { newcombe, ratioInterval } from '../../intervals/index.js';
import type { Rate } from '../../intervals/index.js';
import { differenceInterval, logRatioInterval, rateInterval } from '../../intervals/rate-methods.js';
import { correctPvalues, twoProportions } from '../../significance/contingency.js';
import { answer } from '../definition.js';
import type { Answer, ArgumentDefinition, MeasureDefinition } from '../definition.js';
import type { Inputs } from '../inputs.js';

/** statsmodels 0.15.0, `statsmodels.stats.proportion` and `multitest`. */
const version = '0.15.0';

const number = (name: string, description: string): ArgumentDefinition => ({
  name,
  type: 'number',
  required: true,
  description,
});
const level: ArgumentDefinition = {
  name: 'alpha',
  type: 'number',
  required: false,
  default: 0.05,
  description: 'one less the confidence level',
};
const end: ArgumentDefinition = {
  name: 'result',
  type: 'text',
  required: false,
  default: 'low',
  description: 'low or high',
};

function rate(inputs: Inputs, count: string, n: string): Rate {
  const found = { count: inputs.number(count), n: inputs.number(n) };
  if (found.n < 0 || found.count < 0 || found.count > found.n) throw inputs.wrong(count, `between 0 and ${n}`);
  return found;
}

function confidence(inputs: Inputs): number {
  const alpha = inputs.number('alpha', 0.05);
  if (!(alpha > 0 && alpha < 1)) throw inputs.wrong('alpha', 'in (0, 1)');
  return 1 - alpha;
}

function ends(inputs: Inputs, interval: Answer['interval'], n: number): Answer {
  const which = inputs.oneOf('result', ['low', 'high'], 'low');
  if (!interval) return { undefined: 'no-rows', n };
  const value = interval[which];
  return value === null ? { undefined: 'infinite', n, interval } : { ...answer(value, { n }), interval };
}

const base = { profile: 'statsmodels', version, files: 0 as const };

export const statsmodelsDefinitions: readonly MeasureDefinition[] = [
  {
    ...base,
    name: 'proportion_confint',
    family: 'intervals',
    arguments: [
      number('count', 'successes'),
      number('nobs', 'trials'),
      {
        name: 'method',
        type: 'text',
        required: false,
        default: 'wilson',
        description: 'wilson, jeffreys, beta (Clopper-Pearson), normal or agresti_coull',
      },
      level,
      end,
    ],
    formula: 'the end of the confidence interval of count / nobs',
    range: '[0, 1]',
    undefinedCases: ['no-rows: nobs is 0'],
    source: 'Brown, Cai and DasGupta, Statistical Science 16 (2001)',
    reference: 'statsmodels.stats.proportion.proportion_confint',
    differs:
      'default wilson (statsmodels: normal); jeffreys at count 0 or nobs keeps its quantile, as statsmodels does',
    compute(inputs) {
      const own = rate(inputs, 'count', 'nobs');
      return ends(
        inputs,
        rateInterval(
          own,
          inputs.oneOf('method', ['wilson', 'jeffreys', 'beta', 'normal', 'agresti_coull'], 'wilson'),
          confidence(inputs),
        ),
        own.n,
      );
    },
  },
  {
    ...base,
    name: 'confint_proportions_2indep',
    family: 'intervals',
    arguments: [
      number('count1', 'successes of the first'),
      number('nobs1', 'trials of the first'),
      number('count2', 'successes of the second'),
      number('nobs2', 'trials of the second'),
      { name: 'compare', type: 'text', required: false, default: 'diff', description: 'diff or ratio' },
      {
        name: 'method',
        type: 'text',
        required: false,
        description: 'diff: newcomb (default), wald, agresti-caffo; ratio: score (default), log',
      },
      {
        name: 'correction',
        type: 'boolean',
        required: false,
        default: true,
        description: 'ratio by score: Miettinen-Nurminen (true) or Koopman (false)',
      },
      level,
      end,
    ],
    formula: 'the end of the confidence interval of p1 − p2 or p1 / p2',
    range: '[−1, 1] or [0, ∞)',
    undefinedCases: ['no-rows: a nobs is 0 (log: a count is 0)', 'infinite: the upper end of a ratio with count2 = 0'],
    source: 'Newcombe 1998; Koopman 1984; Miettinen and Nurminen 1985; Katz et al. 1978; Agresti and Caffo 2000',
    reference: 'statsmodels.stats.proportion.confint_proportions_2indep',
    differs:
      'the score interval of a difference is wrong in statsmodels 0.15.0 (56/70 against 48/80: 0.0526..0.3440; right 0.0528..0.3382) and is not offered; its score ratio is wrong where a count equals its nobs: ours inverts the test there',
    compute(inputs) {
      const first = rate(inputs, 'count1', 'nobs1');
      const second = rate(inputs, 'count2', 'nobs2');
      const own = confidence(inputs);
      const n = first.n + second.n;
      if (inputs.oneOf('compare', ['diff', 'ratio'], 'diff') === 'diff') {
        const method = inputs.oneOf('method', ['newcomb', 'wald', 'agresti-caffo'], 'newcomb');
        return ends(
          inputs,
          method === 'newcomb' ? newcombe(first, second, own) : differenceInterval(first, second, method, own),
          n,
        );
      }
      if (inputs.oneOf('method', ['score', 'log'], 'score') === 'log')
        return ends(inputs, logRatioInterval(first, second, own), n);
      return ends(
        inputs,
        ratioInterval(first, second, own, inputs.flag('correction', true) ? 'miettinen-nurminen' : 'koopman'),
        n,
      );
    },
  },
  {
    ...base,
    name: 'proportions_ztest',
    family: 'significance',
    arguments: [
      number('count1', 'successes of the first'),
      number('nobs1', 'trials of the first'),
      number('count2', 'successes of the second'),
      number('nobs2', 'trials of the second'),
      { name: 'result', type: 'text', required: false, default: 'statistic', description: 'statistic or pvalue' },
    ],
    formula: '(p1 − p2) / √(P (1 − P) (1/n1 + 1/n2)), P pooled; two-sided',
    range: '(−∞, ∞), p in [0, 1]',
    undefinedCases: ['constant: the pooled proportion is 0 or 1', 'constant: a nobs is 0'],
    source: 'Pearson 1900',
    reference: 'statsmodels.stats.proportion.proportions_ztest',
    compute(inputs) {
      const first = rate(inputs, 'count1', 'nobs1');
      const second = rate(inputs, 'count2', 'nobs2');
      const result = twoProportions(first.count, first.n, second.count, second.n);
      return answer(
        result?.[inputs.oneOf('result', ['statistic', 'pvalue'], 'statistic')],
        { n: first.n + second.n },
        'constant',
      );
    },
  },
  {
    ...base,
    name: 'multipletests',
    family: 'significance',
    arguments: [
      { name: 'pvals', type: 'numbers', required: true, description: 'p-values of all tests' },
      { name: 'method', type: 'text', required: false, default: 'holm', description: 'bonferroni, holm or fdr_bh' },
      { name: 'index', type: 'number', required: true, description: 'which of them, from 0' },
    ],
    formula: 'the corrected p-value',
    range: '[0, 1]',
    undefinedCases: [],
    source: 'Bonferroni; Holm 1979; Benjamini and Hochberg 1995',
    reference: 'statsmodels.stats.multitest.multipletests',
    compute(inputs) {
      const pvalues = inputs.numbers('pvals');
      if (pvalues.some((p) => p < 0 || p > 1)) throw inputs.wrong('pvals', 'numbers in [0, 1]');
      const index = inputs.integer('index');
      if (index < 0 || index >= pvalues.length) throw inputs.wrong('index', `in 0 … ${pvalues.length - 1}`);
      return answer(correctPvalues(pvalues, inputs.oneOf('method', ['bonferroni', 'holm', 'fdr_bh'], 'holm'))[index], {
        n: pvalues.length,
      });
    },
  },
];
