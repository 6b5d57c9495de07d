"""Goldens of alibi-detect 0.13.0 (TensorFlow as its backend): python test/peers/alibi_metrics.py > test/peers/goldens/alibi.json
Its results are float32: seven digits at best."""
import os
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import warnings, logging, sys
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
from importlib.metadata import version
import numpy as np
from alibi_detect.cd import KSDrift, CVMDrift, ChiSquareDrift, FETDrift, MMDDrift
from common import Golden, drift_tables

golden = Golden({name: version(name) for name in ('alibi-detect', 'tensorflow-cpu', 'numpy', 'scipy')})
tables, names = drift_tables()
golden.tables(tables)
single = dict(tolerance=2e-6, absolute=1e-9)
for name in names:
    r, c = tables[f'{name}-reference'], tables[f'{name}-current']
    files = [f'{name}-reference', f'{name}-current']

    def case(measure, make, column, kind=lambda v: np.array(v, float), **args):
        try:
            found = make(kind(r[column])).predict(kind(c[column]))['data']
        except Exception as error:
            print(name, column, measure, repr(error)[:150], file=sys.stderr)
            return
        for result, key in (('statistic', 'distance'), ('pvalue', 'p_val')):
            golden.case(f'{measure}@alibi_detect', files, dict(column=column, result=result) | args, np.asarray(found[key]).ravel()[0], **(single | dict(absolute=1e-7) if measure == 'cvm_drift' else single))

    for column in r:
        if column == 'cat':
            continue
        for alternative in ('two-sided', 'less', 'greater'):
            case('ks_drift', lambda x: KSDrift(x.reshape(-1, 1), p_val=.05, alternative=alternative), column, kind=lambda v: np.array(v, float).reshape(-1, 1), alternative=alternative)
        case('cvm_drift', lambda x: CVMDrift(x, p_val=.05), column)
    for column in ('cat', 'few', 'two'):
        if column in r:
            code = {v: i for i, v in enumerate(sorted(set(r[column]) | set(c[column])))}
            case('chi_square_drift', lambda x: ChiSquareDrift(x, p_val=.05), column, kind=lambda v: np.array([code[i] for i in v]).reshape(-1, 1))
    if 'two' in r:
        for alternative in ('greater', 'less', 'two-sided'):
            case('fet_drift', lambda x: FETDrift(x, p_val=.05, alternative=alternative), 'two', kind=np.array, alternative=alternative)

rng = np.random.RandomState(5)
for name, n, m, shift in (('near', 120, 90, .2), ('far', 80, 100, 1.)):
    x, y = np.round(rng.normal(0, 1, (n, 3)), 4), np.round(rng.normal(shift, 1.2, (m, 3)), 4)
    tables = {f'{name}-{side}': {f'x{j}': v[:, j].tolist() for j in range(3)} for side, v in (('reference', x), ('current', y))}
    golden.tables(tables)
    found = MMDDrift(x, backend='tensorflow', n_permutations=2000).predict(y)['data']
    args = dict(columns=['x0', 'x1', 'x2'])
    golden.case('mmd_drift@alibi_detect', list(tables), args, found['distance'], tolerance=2e-5)
    # Drawn: two estimates from 2,000 permutations each differ by at most about 0.05.
    golden.case('mmd_drift@alibi_detect', list(tables), args | dict(result='pvalue', n_permutations=2000), found['p_val'], absolute=.05)
golden.write()
