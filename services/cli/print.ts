import type { Measurement } from '#libs/lifecycle';

/** Rows under headings, columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, i) =>
    rows.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), heading.length),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd()}`;
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

export function number(measurement: Measurement | undefined): string {
  if (!measurement) return '';
  return measurement.value === null ? `undefined (${measurement.undefined})` : short(measurement.value);
}

export function interval(measurement: Measurement | undefined): string {
  const own = measurement?.interval;
  return own ? `[${own.low === null ? '−∞' : short(own.low)}, ${own.high === null ? '∞' : short(own.high)}]` : '';
}

export function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

export function groupName(group: Readonly<Record<string, string>>): string {
  return Object.entries(group)
    .map(([attribute, value]) => `${attribute}=${value}`)
    .join(' ');
}

/** Rows read, on a terminal only. */
export function progress(stderr: { readonly isTTY?: boolean; write(text: string): unknown }): (rows: number) => void {
  return (rows) => {
    if (stderr.isTTY) stderr.write(`\r${rows} rows read`.padEnd(40));
  };
}
