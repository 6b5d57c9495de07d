"""Goldens of nannyml 0.13.1, frouros 0.9.0 or deepchecks 0.19.1, whichever is installed:
python test/peers/others_drift.py NAME > test/peers/goldens/NAME.json"""
import warnings, sys, io, contextlib
warnings.simplefilter('ignore')
from importlib.metadata import version
import numpy as np, pandas as pd
from common import Golden, drift_tables

which = sys.argv[1]
tables, names = drift_tables()
golden = Golden({which: version(which), 'numpy': np.__version__, 'pandas': pd.__version__})
golden.tables(tables)
for name in names:
    r, c = pd.DataFrame(tables[f'{name}-reference']), pd.DataFrame(tables[f'{name}-current'])
    files = [f'{name}-reference', f'{name}-current']
    for column in r.columns:
        categorical = column == 'cat'
        def case(measure, call, **args):
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    value = float(call())
            except Exception as error:
                print(name, column, measure, repr(error)[:120], file=sys.stderr)
                return
            golden.case(f'{measure}@{which}', files, (dict(columns=[column]) if measure == 'mmd' else dict(column=column)) | args, value, absolute=1e-7 if measure == 'cvm_test' else None)
        if which == 'nannyml':
            from nannyml.drift.univariate.methods import MethodFactory, FeatureType
            from nannyml.chunk import SizeBasedChunker
            from nannyml.thresholds import StandardDeviationThreshold
            kinds = [('cat', FeatureType.CATEGORICAL, ['jensen_shannon', 'hellinger', 'l_infinity', 'chi2'])] if categorical or column in ('few', 'two') else []
            if not categorical:
                kinds.append(('num', FeatureType.CONTINUOUS, ['jensen_shannon', 'hellinger', 'wasserstein', 'kolmogorov_smirnov']))
            for kind, feature, methods in kinds:
                for method in methods:
                    def call():
                        own = dict(chunker=SizeBasedChunker(50), threshold=StandardDeviationThreshold())
                        a, b = r[column], c[column]
                        if kind == 'cat':
                            a, b = a.astype(str), b.astype(str)
                        else:
                            a, b = a.astype(float), b.astype(float)
                        m = MethodFactory.create(key=method, feature_type=feature, **own)
                        m._fit(a)
                        return m._calculate(b)
                    case(method, call, type=kind)
        if which == 'frouros' and not categorical:
            import frouros.detectors.data_drift as dd
            a, b = r[column].values.astype(float), c[column].values.astype(float)
            for measure, cls in (('psi', dd.PSI), ('hellinger_distance', dd.HellingerDistance), ('emd', dd.EMD), ('energy_distance', dd.EnergyDistance),
                                 ('bhattacharyya_distance', dd.BhattacharyyaDistance), ('hi_normalized_complement', dd.HINormalizedComplement)):
                def call():
                    detector = cls()
                    detector.fit(X=a)
                    return detector.compare(X=b)[0].distance
                case(measure, call)
            for measure, cls in (('ks_test', dd.KSTest), ('cvm_test', dd.CVMTest), ('mann_whitney_u_test', dd.MannWhitneyUTest), ('welch_t_test', dd.WelchTTest), ('anderson_darling_test', dd.AndersonDarlingTest)):
                if column == 'constant':
                    continue
                for result, key in (('statistic', 'statistic'), ('pvalue', 'p_value')):
                    def call():
                        detector = cls()
                        detector.fit(X=a)
                        return getattr(detector.compare(X=b)[0], key)
                    case(measure, call, result=result)
            def call():
                detector = dd.MMD()
                detector.fit(X=a)
                return detector.compare(X=b)[0].distance
            case('mmd', call)
        if which == 'frouros' and (categorical or column in ('few', 'two')):
            codes = {v: i for i, v in enumerate(sorted(set(r[column]) | set(c[column])))}
            for result, key in (('statistic', 'statistic'), ('pvalue', 'p_value')):
                def call():
                    detector = dd.ChiSquareTest()
                    detector.fit(X=r[column].map(codes).values)
                    return getattr(detector.compare(X=c[column].map(codes).values)[0], key)
                case('chi_square_test', call, result=result)
        if which == 'deepchecks':
            from deepchecks.utils.distribution.drift import calc_drift_and_plot
            from deepchecks.utils.distribution import drift
            if categorical or column in ('few', 'two'):
                a, b = r[column].astype(str), c[column].astype(str)
                for measure, method in (('psi', 'PSI'), ('cramers_v', 'cramers_v')):
                    case(measure, lambda: calc_drift_and_plot(a, b, value_name=column, column_type='categorical', categorical_drift_method=method, with_display=False, max_num_categories_for_drift=None)[0], type='cat')
            if not categorical:
                a, b = r[column].astype(float), c[column].astype(float)
                for measure, method in (('earth_movers_distance', 'EMD'), ('ks', 'KS')):
                    case(measure, lambda: calc_drift_and_plot(a, b, value_name=column, column_type='numerical', numerical_drift_method=method, with_display=False)[0], type='num')
golden.write()
