"""Goldens of outlier counts from numpy 2.4.1 and scipy 1.17.1: python test/peers/outlier_metrics.py > test/peers/goldens/outliers.json"""
from importlib.metadata import version
import numpy as np
from scipy import stats
from common import Golden

golden = Golden(dict(numpy=version('numpy'), scipy=version('scipy')))
rng = np.random.RandomState(8)
n = 600
x = rng.normal(0, 1, n)
y = 0.9 * x + 0.3 * rng.normal(0, 1, n)
z = np.exp(rng.normal(0, 2, n))
x[3], y[3] = 2.0, -2.0
tables = dict(
    plain=dict(x=x.round(6).tolist(), y=y.round(6).tolist(), z=z.round(6).tolist(), t=rng.randint(0, 6, n).tolist(), c=[4] * n),
    holes=dict(x=[None if i % 9 == 0 else v for i, v in enumerate(x.round(5).tolist())], y=y.round(5).tolist(), z=[None if i % 31 == 0 else v for i, v in enumerate((1e9 + z).round(4).tolist())]),
    small=dict(x=[1, 2, 2, 3, 50, -40, 2], y=[1, 1, 1, 1, 1, 1, 9]),
)
golden.tables(tables)
for name, table in tables.items():
    for column, values in table.items():
        v = np.array([w for w in values if w is not None], float)
        args = dict(column=column)
        golden.case('zscore_outliers@assay', [name], args, 0 if np.ptp(v) == 0 else int((np.abs(stats.zscore(v)) > 3).sum()))
        golden.case('zscore_outliers@assay', [name], args | dict(limit=2), 0 if np.ptp(v) == 0 else int((np.abs(stats.zscore(v)) > 2).sum()))
        q1, q3 = np.quantile(v, [.25, .75])
        golden.case('interquartile_outliers@assay', [name], args, int(((v < q1 - 1.5 * (q3 - q1)) | (v > q3 + 1.5 * (q3 - q1))).sum()))
        mad = stats.median_abs_deviation(v)
        golden.case('robust_outliers@assay', [name], args, None if mad == 0 else int((0.6745 * np.abs(v - np.median(v)) / mad > 3.5).sum()))
    for columns in (['x', 'y'], ['x', 'y', 'z']):
        if any(c not in table for c in columns):
            continue
        m = np.array([table[c] for c in columns], dtype=float).T
        m = m[~np.isnan(m).any(axis=1)]
        d = m - m.mean(axis=0)
        if len(m) < len(columns) + 2:
            continue
        distance = np.einsum('ij,jk,ik->i', d, np.linalg.inv(np.cov(m.T)), d)
        golden.case('mahalanobis_outliers@assay', [name], dict(columns=columns), int((distance > stats.chi2.ppf(.999, len(columns))).sum()))
golden.write()
