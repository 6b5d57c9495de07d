import type { Measurement } from '../../lifecycle/values.js';
import type { Block, Cell, IntervalChart } from '../content.js';
import { group, integer, interval, measureName, measurementValue } from '../format.js';
import type { Scribe } from '../scribe.js';
import { tableOr } from '../scribe.js';
import type { DossierEvent } from '../source.js';

/** Numbers with their definition, their n and their doubt. `pick` chooses among the event's measurements. */
export function measurementTable(
  scribe: Scribe,
  event: DossierEvent,
  measurements: readonly Measurement[],
  caption: string,
  missing: string,
  pick: (measurement: Measurement) => boolean = () => true,
): Block {
  const rows = measurements.flatMap((measurement, index) =>
    pick(measurement) ? [measurementRow(scribe, event, `/data/measurements/${index}`, measurement)] : [],
  );
  return tableOr(
    scribe,
    {
      kind: 'table',
      caption,
      columns: [
        { title: 'Measure (definition@profile)', share: 0.31 },
        { title: 'Group', share: 0.19 },
        { title: 'Value', share: 0.14, align: 'right' },
        { title: 'Confidence interval', share: 0.25 },
        { title: 'n', share: 0.11, align: 'right' },
      ],
      rows,
    },
    missing,
  );
}

export function measurementRow(
  scribe: Scribe,
  event: DossierEvent,
  at: string,
  measurement: Measurement,
): readonly Cell[] {
  return [
    scribe.fact(event, `${at}/definition`),
    measurement.group ? scribe.fact(event, `${at}/group`, group) : scribe.label('all'),
    valueCell(scribe, event, at, measurement),
    intervalCell(scribe, event, at, measurement),
    scribe.fact(event, `${at}/n`, (n: number) => integer(n)),
  ];
}

export function valueCell(scribe: Scribe, event: DossierEvent, at: string, measurement: Measurement): Cell {
  return measurement.value === null
    ? scribe.derived([event], measurementValue(measurement), { tone: 'attention' })
    : scribe.fact(event, `${at}/value`, () => measurementValue(measurement));
}

export function intervalCell(scribe: Scribe, event: DossierEvent, at: string, measurement: Measurement): Cell {
  if (measurement.value === null) return scribe.label('none: the value is undefined');
  return measurement.interval
    ? scribe.fact(event, `${at}/interval`, () => interval(measurement) ?? '')
    : scribe.gap(
        `confidence interval of ${measureName(measurement.definition)}${measurement.group ? ` for ${group(measurement.group)}` : ''}`,
      );
}

/** The measurements that lie in [0, 1], drawn with their intervals; undefined when there are none. */
export function shareChart(caption: string, measurements: readonly Measurement[]): IntervalChart | undefined {
  const drawn = measurements.filter(
    ({ value, interval }) =>
      value !== null && value >= 0 && value <= 1 && (interval?.low ?? 0) >= 0 && (interval?.high ?? 0) <= 1,
  );
  if (drawn.length === 0) return undefined;
  return {
    kind: 'intervals',
    caption,
    summary: `${caption}: ${drawn
      .map(
        (measurement) =>
          `${measureName(measurement.definition)} ${measurementValue(measurement)}${measurement.interval ? ` (${interval(measurement)})` : ', no interval recorded'}`,
      )
      .join('; ')}.`,
    scale: { low: 0, high: 1 },
    rows: drawn.map((measurement) => ({
      label: measurement.group ? group(measurement.group) : measureName(measurement.definition),
      ...chartNumbers(measurement),
      text: `${measurementValue(measurement)}${measurement.interval ? '' : ' (no interval)'}`,
    })),
  };
}

export function chartNumbers(measurement: Measurement): { value?: number; low?: number; high?: number } {
  const { value, interval } = measurement;
  return {
    ...(value === null ? {} : { value }),
    ...(interval?.low === null || interval?.low === undefined ? {} : { low: interval.low }),
    ...(interval?.high === null || interval?.high === undefined ? {} : { high: interval.high }),
  };
}
