import { rocAuc } from '../performance/index.js';
import { chiSquareIndependence } from '../significance/contingency.js';
import { asCategories } from '../table/index.js';
import type { CategoryColumn, Table, TableColumn } from '../table/index.js';
import type { ColumnProfile } from './column.js';
import { ranks } from './moments.js';

export interface ProfileWarning {
  readonly rule:
    | 'constant'
    | 'duplicate-rows'
    | 'leaks-target'
    | 'stands-in-for-protected'
    | 'all-null'
    | 'identifier'
    | 'infinite'
    | 'one-class-target';
  readonly column?: string;
  readonly strength?: number;
  readonly detail: string;
}

/** A column alone that ranks the target like this is taken to have been written after it. */
const leakThreshold = { auc: 0.95, purity: 0.95 };
const proxyThreshold = 0.4;

export function columnWarnings(columns: readonly ColumnProfile[]): ProfileWarning[] {
  const warnings: ProfileWarning[] = [];
  for (const { name, distribution, rows, nulls, infinities } of columns) {
    if (distribution.class === 'constant')
      warnings.push({ rule: 'constant', column: name, detail: 'one value in every row' });
    if (distribution.class === 'identifier')
      warnings.push({ rule: 'identifier', column: name, detail: 'another value in every row' });
    if (nulls === rows && rows > 0) warnings.push({ rule: 'all-null', column: name, detail: 'no value in any row' });
    if (infinities > 0)
      warnings.push({
        rule: 'infinite',
        column: name,
        detail: `${infinities} infinite values, left out of the moments`,
      });
  }
  return warnings;
}

/**
 * Columns that know the target too well: alone, a number ranks a two-valued target with AUC ≥ 0.95, or one value of a
 * text stands on at least 20 rows and is in 90 % of them with one rare outcome (at least four times its share). The
 * second catches what is decided after the application, as `insurance` in the mortgage data.
 */
export function leaks(table: Table, target: CategoryColumn, profiles: readonly ColumnProfile[]): ProfileWarning[] {
  if (target.categories.length < 2)
    return [{ rule: 'one-class-target', column: target.name, detail: 'the target has one value' }];
  return table.columns.flatMap((column, index): ProfileWarning[] => {
    if (column.name === target.name) return [];
    const { distinct } = profiles[index]!;
    if (column.kind === 'numeric' && target.categories.length === 2 && distinct > 20) {
      const labels = Array.from(target.codes);
      const auc = rocAuc(
        labels,
        column.values.map((value) => (Number.isFinite(value) ? value : 0)),
      );
      if (auc === undefined || Math.max(auc, 1 - auc) < leakThreshold.auc) return [];
      return [
        {
          rule: 'leaks-target',
          column: column.name,
          strength: Math.max(auc, 1 - auc),
          detail: `alone it ranks "${target.name}" with AUC ${Math.max(auc, 1 - auc).toPrecision(3)}`,
        },
      ];
    }
    return distinct > 100 ? [] : purity(asCategories(column), target);
  });
}

function purity(column: CategoryColumn, target: CategoryColumn): ProfileWarning[] {
  const counts = joint(column, target);
  const totals = target.categories.map((_, j) => counts.reduce((sum, row) => sum + row[j]!, 0));
  const n = totals.reduce((sum, value) => sum + value, 0);
  return counts.flatMap((row, i): ProfileWarning[] => {
    const rows = row.reduce((sum, value) => sum + value, 0);
    const best = row.indexOf(Math.max(...row));
    const share = row[best]! / rows;
    const lift = share / (totals[best]! / n);
    if (rows < 20 || share < 0.9 || lift < 4) return [];
    return [
      {
        rule: 'leaks-target',
        column: column.name,
        strength: share,
        detail: `where it is "${column.categories[i]}" (${rows} rows), "${target.name}" is "${target.categories[best]}" in ${(share * 100).toFixed(1)} %`,
      },
    ];
  });
}

/** Columns associated with a protected one: Cramér's V ≥ 0.4, numbers cut at their deciles. */
export function proxies(table: Table, attribute: CategoryColumn, target: string | undefined): ProfileWarning[] {
  return table.columns.flatMap((column): ProfileWarning[] => {
    if (column.name === attribute.name || column.name === target) return [];
    const cut = column.kind === 'numeric' ? deciles(column) : column;
    if (cut.categories.length > 1000) return [];
    const counts = joint(cut, attribute).filter((row) => row.some((value) => value > 0));
    const test = chiSquareIndependence(counts, false);
    const least = Math.min(counts.length, attribute.categories.length) - 1;
    if (!test || least < 1) return [];
    const n = counts.reduce((sum, row) => sum + row.reduce((own, value) => own + value, 0), 0);
    const v = Math.sqrt(test.statistic / n / least);
    if (v < proxyThreshold) return [];
    return [
      {
        rule: 'stands-in-for-protected',
        column: column.name,
        strength: v,
        detail: `Cramér's V ${v.toPrecision(3)} with "${attribute.name}"`,
      },
    ];
  });
}

function joint(a: CategoryColumn, b: CategoryColumn): Float64Array[] {
  const counts = a.categories.map(() => new Float64Array(b.categories.length));
  a.codes.forEach((code, row) => {
    if (code >= 0 && b.codes[row]! >= 0) counts[code]![b.codes[row]!]! += 1;
  });
  return counts;
}

function deciles(column: Extract<TableColumn, { kind: 'numeric' }>): CategoryColumn {
  const ranked = ranks(column.values);
  const n = column.values.length - column.nulls;
  return {
    kind: 'category',
    name: column.name,
    type: 'string',
    nulls: column.nulls,
    categories: Array.from({ length: 10 }, (_, i) => String(i)),
    codes: Int32Array.from(ranked, (rank) =>
      Number.isNaN(rank) ? -1 : Math.min(9, Math.floor(((rank - 0.5) / n) * 10)),
    ),
  };
}
