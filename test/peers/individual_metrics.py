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
        codes = {v: i for i, v in enumerate(sorted(set(f.g)))}
        crossed = BinaryLabelDataset(df=pd.DataFrame(dict(g=f.g.map(codes).astype(float), label=f.label.astype(float))), label_names=['label'], protected_attribute_names=['g'])
        decided = crossed.copy()
        decided.labels = f.prediction.to_numpy(float).reshape(-1, 1)
        all_groups = ClassificationMetric(crossed, decided, unprivileged_groups=[dict(g=0)], privileged_groups=[dict(g=1)])
        own = dict(label='label', prediction='prediction', protected=['g'])
        # The reference subtracts 1 from each term: about 1e-13 is lost to cancellation, and its root loses half of the digits.
        for alpha in (1, 2, 3):
            golden.case('between_all_groups_generalized_entropy_index@aif360', [name], own | dict(alpha=alpha), all_groups.between_all_groups_generalized_entropy_index(alpha=alpha), 1e-9, 1e-13)
        golden.case('between_all_groups_theil_index@aif360', [name], own, all_groups.between_all_groups_theil_index(), 1e-9, 1e-13)
        golden.case('between_all_groups_coefficient_of_variation@aif360', [name], own, all_groups.between_all_groups_coefficient_of_variation(), 1e-9, 1e-7)
        golden.case('differential_fairness_bias_amplification@aif360', [name], own, all_groups.differential_fairness_bias_amplification())
        for weight in (False, True):
            for value in values:
                frame = pd.DataFrame(dict(p=(f.g == value).astype(float), label=f.label.astype(float), w=f.weight if weight else 1.0))
                truth = BinaryLabelDataset(df=frame, label_names=['label'], protected_attribute_names=['p'], instance_weights_name='w')
                guess = truth.copy()
                guess.scores = f.score.to_numpy().reshape(-1, 1)
                metric = ClassificationMetric(truth, guess, unprivileged_groups=[dict(p=0)], privileged_groups=[dict(p=1)])
                args = dict(label='label', score='score', privileged=f'g={value}') | (dict(weight='weight') if weight else {})
                if not weight:
                    golden.case('generalized_equalized_odds_difference@aif360', [name], args, metric.generalized_equalized_odds_difference())
                decided = truth.copy()
                decided.labels = f.prediction.to_numpy(float).reshape(-1, 1)
                both = ClassificationMetric(truth, decided, unprivileged_groups=[dict(p=0)], privileged_groups=[dict(p=1)])
                own = dict(label='label', prediction='prediction', privileged=f'g={value}') | (dict(weight='weight') if weight else {})
                golden.case('equalized_odds_difference@aif360', [name], own, both.equalized_odds_difference())
                if not weight:
                    golden.case('between_group_coefficient_of_variation@aif360', [name], own, both.between_group_coefficient_of_variation(), 1e-9, 1e-7)
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
