import { barChart, lineChart } from '#libs/statistics';
import type { LinePanel } from '#libs/statistics';
import type { JobResult, TrialRecord } from '#libs/learning';

/** The run as a picture: the search's history, the learning curve, the network's losses, or the scores of each fold. */
export function trainPicture(result: JobResult): string {
  const { record, trials } = result;
  const title = `${record.algorithm.name} on ${record.data.rows} rows`;
  const panels = [
    ...(record.search ? historyOf(trials, record.search.objective) : []),
    ...curveOf(result),
    ...lossesOf(record.fit),
  ];
  if (panels.length > 0) return lineChart(title, panels);
  const definitions = mainOf(record.folds[0]?.scores ?? {});
  return barChart(
    title,
    definitions.map((definition) => ({
      title: `${definition}, fold by fold`,
      bars: record.folds.slice(0, 20).map(({ fold, testRows, scores }) => ({
        label: `fold ${fold}`,
        value: scores[definition] ?? undefined,
        note: `n ${testRows}`,
      })),
    })),
  );
}

/** Scores that a person looks at first: the averages over classes are left to the record. */
function mainOf(scores: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(scores)
    .filter((definition) => !/_(macro|micro|weighted)@/.test(definition))
    .slice(0, 6);
}

function historyOf(
  trials: readonly TrialRecord[],
  { score, direction }: { readonly score: string; readonly direction: 'minimize' | 'maximize' },
): LinePanel[] {
  const better = direction === 'minimize' ? Math.min : Math.max;
  const scored = trials.flatMap(({ trial, outerFold, scores, fraction }) => {
    const value = scores[score];
    // The trials in outer folds say how well such a search chooses; this one chose the model.
    return typeof value === 'number' && outerFold === undefined ? [{ trial, value, fraction }] : [];
  });
  const most = Math.max(...scored.map(({ fraction }) => fraction));
  const full = scored.filter(({ fraction }) => fraction === most);
  const rest = scored.filter(({ fraction }) => fraction < most);
  let best: number | undefined;
  const end = full.map(({ value }) => value).reduce((a, b) => better(a, b), full[0]?.value ?? 0);
  const away = full.filter(({ value }) => value !== end);
  const history: LinePanel = {
    title: `${score} of each trial (${direction})`,
    horizontal: 'trial',
    series: [
      {
        label: 'best so far',
        style: 'line',
        points: full.map(({ trial, value }) => [trial, (best = best === undefined ? value : better(best, value))]),
      },
      { label: 'trial', style: 'dots', points: full.map(({ trial, value }) => [trial, value]) },
      ...(rest.length > 0
        ? [
            {
              label: 'on fewer rows',
              style: 'dots' as const,
              points: rest.map(({ trial, value }): [number, number] => [trial, value]),
            },
          ]
        : []),
    ],
  };
  // One bad trial flattens the rest: their distances stand in decades.
  return [
    history,
    {
      title: 'decimal logarithm of the distance to the best of all',
      horizontal: 'trial',
      series: [
        {
          label: 'trial',
          style: 'dots',
          points: away.map(({ trial, value }): [number, number] => [trial, Math.log10(Math.abs(value - end))]),
        },
      ],
    },
  ];
}

function curveOf({ record }: JobResult): LinePanel[] {
  const curve = record.evaluation.learningCurve ?? [];
  const definitions = mainOf(curve[0]?.test ?? {});
  return definitions.map((definition) => ({
    title: `${definition} by rows fitted on`,
    horizontal: 'rows',
    series: (['training', 'test'] as const).map((side) => ({
      label: side,
      style: 'line' as const,
      points: curve.flatMap((point): [number, number][] => {
        const value = point[side][definition];
        return typeof value === 'number' ? [[point.rows, value]] : [];
      }),
    })),
  }));
}

function lossesOf({ trainingLoss, heldOutLoss }: JobResult['record']['fit']): LinePanel[] {
  const points = (values: unknown): [number, number][] =>
    Array.isArray(values) ? values.map((value, epoch): [number, number] => [epoch + 1, Number(value)]) : [];
  if (points(trainingLoss).length < 2) return [];
  return [
    {
      title: 'loss by epoch',
      horizontal: 'epoch',
      series: [
        { label: 'training', style: 'line', points: points(trainingLoss) },
        ...(points(heldOutLoss).length > 0
          ? [{ label: 'held out', style: 'line' as const, points: points(heldOutLoss) }]
          : []),
      ],
    },
  ];
}
