"""Goldens of evidently 0.7.23: python test/peers/evidently_metrics.py > test/peers/goldens/evidently.json (needs pandas < 3)"""
import warnings, sys
warnings.simplefilter('ignore')
import numpy as np, pandas as pd, scipy, evidently
from evidently.legacy.core import ColumnType
import evidently.legacy.calculations.stattests as st
from common import Golden, drift_tables

golden = Golden(dict(evidently=evidently.__version__, scipy=scipy.__version__, numpy=np.__version__, pandas=pd.__version__))
tables, names = drift_tables()
golden.tables(tables)
tests = dict(psi=st.psi_stat_test, jensenshannon=st.jensenshannon_stat_test, kl_div=st.kl_div_stat_test, hellinger=st.hellinger_stat_test, wasserstein=st.wasserstein_stat_test,
             ks=st.ks_stat_test, chisquare=st.chi_stat_test, z=st.z_stat_test, anderson=st.anderson_darling_test, cramer_von_mises=st.cramer_von_mises, ed=st.energy_dist_test,
             es=st.epps_singleton_test, g_test=st.g_test, t_test=st.t_test, mannw=st.mann_whitney_u_stat_test)
for name in names:
    r, c = pd.DataFrame(tables[f'{name}-reference']), pd.DataFrame(tables[f'{name}-current'])
    for column in r.columns:
        for test, stat in tests.items():
            for kind in stat.allowed_feature_types:
                kind = kind.value
                if kind not in ('num', 'cat') or (column == 'cat' and kind == 'num'):
                    continue
                if kind == 'cat' and r[column].nunique() > 60:
                    continue
                if test == 'z' and r[column].nunique() > 2:
                    continue
                if (test, column) in (('es', 'two'), ('chisquare', 'constant')):
                    continue  # rank of a singular matrix by rounding; 0 for equal constants: see docs/measurements.md
                try:
                    value = stat.func(r[column], c[column], ColumnType(kind), 0.05)[0]
                except Exception as error:
                    print(name, column, test, kind, repr(error)[:150], file=sys.stderr)
                    continue
                golden.case(f'{test}@evidently', [f'{name}-reference', f'{name}-current'], dict(column=column, type=kind), value, absolute=1e-7 if test == 'cramer_von_mises' else None)
golden.write()
