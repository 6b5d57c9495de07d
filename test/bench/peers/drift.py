"""Seconds of evidently 0.7.23 on a tenth of the rows, a value of the window: PSI, JS, KS, Wasserstein of every column, by its report and
by its bare functions."""
import json, time, warnings
warnings.simplefilter('ignore')
import numpy as np, pandas as pd
from evidently import Report, Dataset, DataDefinition
from evidently.metrics import ValueDrift
from evidently.legacy.core import ColumnType
import evidently.legacy.calculations.stattests as st

n, columns = 100_000, 50
rng = np.random.RandomState(0)
shapes = [lambda s: rng.normal(s, 1, n), lambda s: rng.lognormal(s, 3, n), lambda s: rng.uniform(size=n) ** (1 + s), lambda s: np.floor(rng.normal(40 + 6 * s, 6, n)),
          lambda s: rng.standard_cauchy(n) + s]
frame = lambda s: pd.DataFrame({f'c{i}': shapes[i % 5](s) for i in range(columns)})
reference, current = frame(0), frame(.1)
methods = dict(psi=st.psi_stat_test, jensenshannon=st.jensenshannon_stat_test, ks=st.ks_stat_test, wasserstein=st.wasserstein_stat_test)
start = time.perf_counter()
for name in reference:
    for test in methods.values():
        test.func(reference[name], current[name], ColumnType.Numerical, .1)
functions = time.perf_counter() - start
few = list(reference)[:10]
a, b = (Dataset.from_pandas(d[few], data_definition=DataDefinition(numerical_columns=few)) for d in (reference, current))
start = time.perf_counter()
for method in methods:
    Report([ValueDrift(column=name, method=method) for name in few]).run(b, a)
report = (time.perf_counter() - start) * columns / len(few)
print(json.dumps(dict(functions=functions / (n * columns), report=report / (n * columns))))
