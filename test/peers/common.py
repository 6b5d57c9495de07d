"""Tables that the peers measure, and the writing of goldens. Every script prints one JSON object:
{versions, tables: {name: {column: [values]}}, cases: [{name, tables: [...], args, value (null: undefined), tolerance?}]}.
"""
import json, math, sys
import numpy as np


def fairness_tables():
    """Small ones on purpose: ties, tiny groups, zero denominators, weights over orders of magnitude."""
    rng = np.random.RandomState(20261122)
    tables = {}
    for name, n, groups in (('plain', 400, ['a', 'b', 'c']), ('two', 250, ['x', 'y']), ('many', 900, list('abcdefghij'))):
        g = rng.choice(groups, n, p=np.arange(1, len(groups) + 1) / sum(range(1, len(groups) + 1)))
        base = 0.2 + 0.5 * np.array([groups.index(v) for v in g]) / len(groups)
        label = (rng.uniform(size=n) < base).astype(int)
        score = np.round(np.clip(0.25 + 0.4 * label + rng.normal(0, .2, n), 0.001, 0.999), 3)
        tables[name] = dict(g=g.tolist(), s=rng.choice(['m', 'f'], n).tolist(), k=rng.choice(['k1', 'k2', 'k3'], n).tolist(),
                            label=label.tolist(), prediction=(score >= 0.5).astype(int).tolist(), score=score.tolist(),
                            weight=np.round(10 ** rng.uniform(-2, 2, n), 4).tolist(),
                            y=np.round(rng.normal(100, 15, n), 3).tolist(), z=np.round(rng.normal(100, 15, n), 3).tolist())
    tables['no-positives-in-b'] = dict(g=list('aaaaaabbbb'), s=list('mfmfmfmfmf'), k=['k1'] * 5 + ['k2'] * 5, label=[1, 0, 1, 0, 1, 1, 0, 0, 0, 0],
                                       prediction=[1, 1, 0, 0, 1, 0, 1, 0, 0, 1], score=[.9, .7, .2, .1, .8, .4, .6, .3, .2, .7],
                                       weight=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], y=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], z=[2, 2, 3, 5, 5, 6, 8, 8, 9, 9])
    tables['nothing-selected'] = dict(g=list('aaabb'), s=list('mfmfm'), k=['k1'] * 5, label=[1, 0, 1, 0, 1], prediction=[0] * 5, score=[.1, .2, .3, .1, .2],
                                      weight=[1, 1, 2, 1, 1], y=[1, 1, 1, 2, 3], z=[1, 1, 1, 3, 3])
    tables['one-row-group'] = dict(g=list('aaaaaaab'), s=list('mfmfmfmf'), k=['k1', 'k2'] * 4, label=[1, 0, 1, 0, 1, 1, 0, 1], prediction=[1, 1, 0, 0, 1, 0, 1, 1],
                                   score=[.9, .7, .2, .1, .8, .4, .6, .9], weight=[1e-3, 1e3, 1, 1, 1, 1, 1, 50], y=[1, 2, 3, 4, 5, 6, 7, 8], z=[1, 2, 3, 4, 5, 6, 7, 9])
    return tables


def number(value):
    value = float(value)
    return value if math.isfinite(value) else None


class Golden:
    def __init__(self, versions):
        self.out = dict(versions=versions | {'python': sys.version.split()[0]}, tables={}, cases=[])

    def tables(self, tables):
        self.out['tables'].update(tables)

    def case(self, name, tables, args, value, tolerance=None, absolute=None):
        row = dict(name=name, tables=tables, args=args, value=value if value is None else number(value))
        if tolerance:
            row['tolerance'] = tolerance
        if absolute:
            row['absolute'] = absolute
        self.out['cases'].append(row)

    def write(self):
        json.dump(self.out, sys.stdout, separators=(',', ':'))
        print()


def drift_tables():
    """Pairs (reference, current): ties, small samples, constants, skew over many orders of magnitude, new categories."""
    rng = np.random.RandomState(7)
    pair = {}
    n, m = 700, 450
    pair['plain'] = (
        dict(normal=np.round(rng.normal(0, 1, n), 6), skewed=np.round(rng.lognormal(0, 3, n), 8), count=rng.poisson(40, n), few=rng.randint(0, 4, n),
             ties=np.round(rng.normal(0, 1, n), 1), cat=rng.choice(list('abcde'), n, p=[.4, .3, .2, .05, .05]), two=rng.choice([0, 1], n, p=[.7, .3]), constant=np.full(n, 3.5)),
        dict(normal=np.round(rng.normal(.3, 1.1, m), 6), skewed=np.round(rng.lognormal(.5, 3.2, m), 8), count=rng.poisson(44, m), few=rng.randint(0, 5, m),
             ties=np.round(rng.normal(.1, 1, m), 1), cat=rng.choice(list('abcdf'), m, p=[.3, .3, .25, .1, .05]), two=rng.choice([0, 1], m, p=[.62, .38]), constant=np.full(m, 3.5)))
    n, m = 300, 300
    pair['same'] = (
        dict(normal=np.round(rng.normal(5, 2, n), 4), count=rng.poisson(8, n), cat=rng.choice(list('ab'), n), few=rng.randint(0, 3, n), two=rng.choice([0, 1], n)),
        dict(normal=np.round(rng.normal(5, 2, m), 4), count=rng.poisson(8, m), cat=rng.choice(list('ab'), m), few=rng.randint(0, 3, m), two=rng.choice([0, 1], m)))
    pair['small'] = (dict(normal=[1.5, 2.25, 2.25, 3, 9, 11.5, -4, 0], few=[1, 1, 2, 2, 3, 3, 3, 1], cat=list('aabbccca')),
                     dict(normal=[2.25, 2.5, 7, 8, 8, 12, 13, -1, 3, 4, 5.5], few=[1, 2, 3, 3, 3, 3, 2, 1, 1, 3, 3], cat=list('aabbcccbbcc')))
    tables = {}
    for name, (a, b) in pair.items():
        for side, columns in (('reference', a), ('current', b)):
            tables[f'{name}-{side}'] = {k: (v.tolist() if isinstance(v, np.ndarray) else v) for k, v in columns.items()}
    return tables, list(pair)
