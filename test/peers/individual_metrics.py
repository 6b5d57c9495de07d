"""Goldens of measures that look at single rows and at scores.
AIF360 0.6.1: python test/peers/individual_metrics.py aif360 > test/peers/goldens/aif360-individual.json
smclarify 0.5: python test/peers/individual_metrics.py smclarify > test/peers/goldens/smclarify-individual.json
"""
import warnings, logging, sys
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
from importlib.metadata import version
import numpy as np, pandas as pd
from common import Golden, fairness_tables

which = sys.argv[1]
golden = Golden({which: version(which), 'scikit-learn': version('scikit-learn'), 'numpy': np.__version__, 'pandas': pd.__version__})
rng = np.random.RandomState(5)
tables = fairness_tables()
# Distances without ties: the references leave their order to a tree.
for t in tables.values():
    n = len(t['g'])
    t['u'], t['v'] = rng.normal(0, 1, n).round(9).tolist(), rng.normal(0, 3, n).round(9).tolist()
golden.tables(tables)
for name, t in tables.items():
    f = pd.DataFrame(t)
    values = [v for v in ('a', 'x') if v in set(f.g)]
    if which == 'aif360':
        from aif360.datasets import BinaryLabelDataset
        from aif360.metrics import ClassificationMetric, BinaryLabelDatasetMetric
        for k in (1, 5):
            if len(f) < k:
                continue
            own = BinaryLabelDataset(df=pd.DataFrame(dict(u=f.u, v=f.v, label=f.label.astype(float))), label_names=['label'], protected_attribute_names=['u'])
            golden.case('consistency@aif360', [name], dict(prediction='label', features=['u', 'v'], neighbours=k), float(BinaryLabelDatasetMetric(own).consistency(n_neighbors=k)[0]))
        for weight in (False, True):
            for value in values:
                frame = pd.DataFrame(dict(p=(f.g == value).astype(float), label=f.label.astype(float), w=f.weight if weight else 1.0))
                truth = BinaryLabelDataset(df=frame, label_names=['label'], protected_attribute_names=['p'], instance_weights_name='w')
                guess = truth.copy()
                guess.scores = f.score.to_numpy().reshape(-1, 1)
                metric = ClassificationMetric(truth, guess, unprivileged_groups=[dict(p=0)], privileged_groups=[dict(p=1)])
                args = dict(label='label', score='score', privileged=f'g={value}') | (dict(weight='weight') if weight else {})
                for m in ('generalized_true_positive_rate', 'generalized_false_positive_rate', 'generalized_true_negative_rate', 'generalized_false_negative_rate'):
                    for side, flag in (('all', None), ('privileged', True), ('unprivileged', False)):
                        golden.case(f'{m}@aif360', [name], args | dict(side=side), getattr(metric, m)(privileged=flag))
    else:
        from smclarify.bias.metrics import FT
        for value in sorted(set(f.g)):
            facet = f.g != value
            try:
                result = FT(f[['u', 'v']], facet, f.prediction == 1)
            except Exception as error:
                print(name, value, repr(error), file=sys.stderr)
                continue
            golden.case('ft@smclarify', [name], dict(prediction='prediction', privileged=f'g={value}', features=['u', 'v']), result)
golden.write()
