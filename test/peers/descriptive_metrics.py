"""Goldens of moments by exact rational arithmetic (fractions), of the rest by scipy 1.17.1 and numpy 2.4.1:
python test/peers/descriptive_metrics.py > test/peers/goldens/descriptive.json"""
from fractions import Fraction
import math
import numpy as np, scipy
from scipy import stats
from common import Golden

golden = Golden(dict(numpy=np.__version__, scipy=scipy.__version__))
rng = np.random.RandomState(3)
x = rng.gamma(2, 1, 400)
table = dict(plain=np.round(x, 5), far=np.round(1e9 - x, 6), million=np.round(1e6 + x, 8), wide=np.round(rng.lognormal(0, 6, 400), 9), tiny=np.round(x * 1e-9, 17),
             ties=rng.randint(0, 5, 400).astype(float), constant=np.full(400, 0.1))
table = {k: v.tolist() for k, v in table.items()}
golden.tables({'moments': table})


def root(q, power=2):
    """q ** (1/2) of a fraction to double precision: scaled to an integer root."""
    scale = 10 ** 60
    return Fraction(math.isqrt(int(q * scale * scale)), scale)


for name, values in table.items():
    f = [Fraction(v) for v in values]
    n = len(f)
    mean = sum(f) / n
    m2, m3, m4 = (sum((v - mean) ** k for v in f) / n for k in (2, 3, 4))
    case = lambda measure, value, **args: golden.case(measure, ['moments'], dict(column=name) | args, None if value is None else float(value))
    case('mean@numpy', mean)
    if m2 == 0:
        case('skew@scipy', None)
        continue
    case('var@numpy', m2)
    case('var@numpy', m2 * n / (n - 1), ddof=1)
    case('std@numpy', root(m2))
    case('skew@scipy', m3 / (m2 * root(m2)))
    case('kurtosis@scipy', m4 / m2 ** 2 - 3)
    for q in (0, .1, .25, .5, .9, .99, 1):
        case('quantile@numpy', np.quantile(values, q), q=q)
        if name in ('plain', 'ties'):
            for method in ('inverted_cdf', 'averaged_inverted_cdf', 'closest_observation', 'interpolated_inverted_cdf', 'hazen', 'weibull', 'median_unbiased', 'normal_unbiased', 'lower', 'higher', 'midpoint', 'nearest'):
                case('quantile@numpy', np.quantile(values, q, method=method), q=q, method=method)
    if name in ('plain', 'ties', 'wide'):
        golden.case('normaltest@scipy', ['moments'], dict(column=name), stats.normaltest(values).pvalue, tolerance=1e-8)
for a, b in (('plain', 'ties'), ('plain', 'wide'), ('tiny', 'million')):
    for measure, call in (('pearsonr', stats.pearsonr), ('spearmanr', stats.spearmanr)):
        result = call(table[a], table[b])
        for what, value in (('statistic', result.statistic), ('pvalue', result.pvalue)):
            golden.case(f'{measure}@scipy', ['moments'], dict(column=a, other=b, result=what), value, tolerance=1e-8)
golden.write()
