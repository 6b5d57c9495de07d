"""Goldens of the functions that others_drift.py and evidently_metrics.py leave out, of the library that is installed:
python test/peers/drift_more.py NAME > test/peers/goldens/NAME-more.json (evidently, frouros or deepchecks; seconds each)"""
import warnings, sys
warnings.simplefilter('ignore')
from importlib.metadata import version
import numpy as np, pandas as pd
from common import Golden

which = sys.argv[1]
rng = np.random.RandomState(1122)
golden = Golden({which: version(which), 'numpy': np.__version__, 'pandas': pd.__version__, 'scipy': version('scipy')})


def columns(n, m, left, right):
    """Pairs of columns of n and m rows, as tables of one column each."""
    return {name: (left[name](n), right[name](m)) for name in left}


def numbers():
    left = dict(normal=lambda n: rng.normal(0, 1, n).round(5), skewed=lambda n: rng.lognormal(0, 2.5, n).round(7), ties=lambda n: rng.normal(0, 1, n).round(1),
                few=lambda n: rng.randint(0, 4, n), apart=lambda n: rng.normal(0, 1, n).round(4), offset=lambda n: (1e6 + rng.normal(0, 1, n)).round(4))
    right = dict(normal=lambda n: rng.normal(.3, 1.2, n).round(5), skewed=lambda n: rng.lognormal(.4, 2.7, n).round(7), ties=lambda n: rng.normal(.2, 1, n).round(1),
                 few=lambda n: rng.randint(0, 5, n), apart=lambda n: rng.normal(9, 1, n).round(4), offset=lambda n: (1e6 + .5 + rng.normal(0, 1, n)).round(4))
    pairs = {f'{name}-{n}-{m}': pair for n, m in ((160, 90), (40, 40), (9, 13)) for name, pair in columns(n, m, left, right).items()}
    return pairs | {
        'constant': ([3.5] * 6, [3.5] * 4), 'constants': ([3.5] * 6, [4.5] * 4), 'constant-against': ([2.0] * 7, [1, 2, 2, 3, 9.5]), 'mostly-one': ([0.0] * 30 + [1, 2], [0.0] * 25 + [1, 7, 9]),
        'one-each': ([1.0], [2.0]), 'one-two': ([1.0, 3.0], [2.0]), 'two-two': ([1.0, 2.0], [1.5, 1.5]), 'same': ([1.0, 2, 3, 4, 5], [1.0, 2, 3, 4, 5]),
        'missing': ([1.25, None, 2.5, 3, None, 7, 1], [None, 2, 2.25, 8, 9.5, 3]), 'interleaved': (list(range(0, 60, 2)), list(range(1, 60, 2))),
    }


def present(values):
    return np.array([v for v in values if v is not None], dtype=float)


def put(name, pair):
    for side, values in zip(('reference', 'current'), pair):
        golden.tables({f'{name}-{side}': dict(x=np.asarray(values, dtype=object).tolist() if None in list(values) else np.asarray(values).tolist())})
    return [f'{name}-reference', f'{name}-current']


def attempt(label, call):
    try:
        return float(call())
    except Exception as error:  # an empty or tiny sample that the library refuses: undefined with us
        print(label, repr(error)[:120], file=sys.stderr)
        return None


if which == 'frouros':
    import frouros.detectors.data_drift as dd

    def compare(cls, a, b, **options):
        detector = cls(**options)
        detector.fit(X=a)
        return detector.compare(X=b)[0]

    for name, pair in numbers().items():
        files, a, b = put(name, pair), present(pair[0]), present(pair[1])
        for args in ({}, dict(num_bins=5), dict(num_bins=37)):
            golden.case('kl@frouros', files, dict(column='x') | args, compare(dd.KL, a, b, **args).distance)
            for base in ({}, dict(base=2)):
                value = float(compare(dd.JS, a, b, **args, **base).distance)
                golden.case('js@frouros', files, dict(column='x') | args | base, value, absolute=1e-7 if value < 1e-7 else None)
        tested = compare(dd.KuiperTest, a, b)
        golden.case('kuiper_test@frouros', files, dict(column='x', result='statistic'), tested.statistic)
        # Under 1/N the library's formula leaves [0, 1]: undefined with us.
        reachable = tested.statistic * len(a) * len(b) >= len(a) + len(b)
        golden.case('kuiper_test@frouros', files, dict(column='x', result='pvalue'), tested.p_value if reachable else None)
        golden.case('bws_test@frouros', files, dict(column='x'), attempt(f'{name} bws', lambda: compare(dd.BWSTest, a, b).statistic))

if which == 'evidently':
    import evidently.legacy.calculations.stattests as st
    from evidently.legacy.calculations.stattests import mmd_stattest, tvd_stattest
    from evidently.legacy.core import ColumnType

    choose = lambda values, p, n: rng.choice(list(values), n, p=p).tolist()
    texts = {
        'texts': (choose('abcde', [.4, .3, .2, .05, .05], 120), choose('abcdf', [.3, .3, .25, .1, .05], 80)), 'drifted': (choose('abc', [.5, .3, .2], 90), choose('abc', [.3, .3, .4], 90)),
        'alike': (choose('ab', [.5, .5], 60), choose('ab', [.5, .5], 45)), 'one-text': (['a'] * 5, ['a'] * 9), 'disjoint': (['a'] * 4, ['b'] * 4), 'new-and-gone': (['a', 'b', 'a', 'b'], ['b', 'c', 'c']),
        'missing-texts': (['a', 'b', None, 'a', 'b', 'b'], ['a', 'b', 'b', None]),
    }
    drawn = dict(result='pvalue', n_permutations=4000, seed=1)
    for name, pair in texts.items():
        files, a, b = put(name, pair), pd.Series(pair[0]), pd.Series(pair[1])
        golden.case('tvd@evidently', files, dict(column='x'), tvd_stattest._total_variation_distance(a, b))
        golden.case('tvd@evidently', files, dict(column='x') | drawn, st.tvd_test.func(a, b, ColumnType.Categorical, .1)[0], absolute=.05)
    for name, pair in numbers().items():
        if name in ('interleaved',) or name.startswith('few') or name.startswith('offset-40'):
            continue
        files, a, b = put(name, pair), present(pair[0]), present(pair[1])
        columns_of = [v.reshape(-1, 1) for v in (a, b)]
        golden.case('empirical_mmd@evidently', files, dict(column='x'), attempt(f'{name} mmd', lambda: mmd_stattest.mmd_pval(*columns_of)[1]),
                    tolerance=1e-3 if name.startswith('offset') else None)  # it subtracts squares: at an offset of 1e6 four digits are left
        if name in ('normal-40-40', 'ties-40-40', 'apart-40-40', 'missing', 'same', 'constant'):
            # Each of its p is drawn with 100 permutations: the mean of 60 of them.
            mean = np.mean([st.empirical_mmd.func(pd.Series(a), pd.Series(b), ColumnType.Numerical, .1)[0] for _ in range(60)])
            golden.case('empirical_mmd@evidently', files, dict(column='x') | drawn | dict(n_permutations=1000), mean, absolute=.05)
    pairs = {f'fisher-{i}': (choose('xy', [p, 1 - p], n), choose('xy', [q, 1 - q], n)) for i, (n, p, q) in enumerate(((200, .5, .4), (30, .9, .6), (12, .5, .5), (7, .9, .3)))}
    pairs |= {'fisher-zeroes': ([0] * 4, [0, 1, 1, 1]), 'fisher-apart': ([0] * 9, [1] * 9), 'fisher-one': ([2] * 4, [2] * 4), 'fisher-three': ([0, 1, 2, 0], [1, 2, 0, 0]), 'fisher-large': ([0] * 900 + [1] * 100, [0] * 820 + [1] * 180)}
    for name, pair in pairs.items():
        files = put(name, pair)
        golden.case('fisher_exact@evidently', files, dict(column='x'), attempt(name, lambda: st.fisher_exact_test.func(pd.Series(pair[0]), pd.Series(pair[1]), ColumnType.Categorical, .1)[0]))

if which == 'deepchecks':
    from deepchecks.utils.distribution.drift import calc_drift_and_plot

    choose = lambda values, p, n: rng.choice(list(values), n, p=p).tolist()
    repeat = lambda **counts: [value for value, count in counts.items() for _ in range(count)]
    pairs = {
        'even': (repeat(a=50, b=50), repeat(a=30, b=70)), 'uneven': (repeat(a=900, b=100), repeat(a=850, b=150)), 'drawn': (choose('abcde', [.5, .3, .15, .04, .01], 301), choose('abcde', [.45, .3, .15, .04, .06], 203)),
        'reference-smaller': (choose('abc', [.5, .3, .2], 71), choose('abc', [.3, .3, .4], 142)), 'new': (repeat(a=50, b=50), repeat(a=30, b=60, c=10)), 'gone': (repeat(a=50, b=40, c=10), repeat(a=30, b=70)),
        'rare': (repeat(a=500, b=490, c=5, d=6), repeat(a=300, b=200, c=10, d=9)), 'one-value': (repeat(a=20), repeat(a=33)), 'disjoint': (repeat(a=50), repeat(b=50)), 'tiny': (repeat(a=5, b=6), repeat(a=9, b=6)),
        'numbers': ([0] * 40 + [1] * 30 + [2] * 11, [0] * 20 + [1] * 30 + [2] * 14 + [10] * 3), 'alike': (repeat(a=40, b=60), repeat(a=20, b=31)),
        'missing': (['a', None] * 10 + ['b'] * 11, ['a'] * 9 + ['b', None] * 8), 'many': (choose('abcdefghijklmnopqrst', None, 400), choose('abcdefghijklmnopqrst', None, 333)),
    }
    for name, pair in pairs.items():
        files = put(f'balanced-{name}', pair)
        sides = [pd.Series(pair[0]).dropna(), pd.Series(pair[1]).dropna()]
        smaller, values = min(map(len, sides)), len(set(sides[0]) | set(sides[1]))
        # Its sum over a Python set of values may fall short of a whole number there: it changes from run to run.
        assert len(sides[0]) == len(sides[1]) or values == 1 or smaller % values, name
        for evenly in (True, False):
            value = calc_drift_and_plot(*[side.astype(str) for side in sides], value_name='x', column_type='categorical', categorical_drift_method='cramers_v', balance_classes=evenly, with_display=False)[0]
            golden.case('cramers_v@deepchecks', files, dict(column='x', type='cat') | (dict(balance_classes=True) if evenly else {}), value)
golden.write()
