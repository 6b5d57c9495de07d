"""Goldens of AIF360 0.6.1: python test/peers/aif360_metrics.py > test/peers/goldens/aif360.json"""
import warnings, logging
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
from importlib.metadata import version
import numpy as np, pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import ClassificationMetric, BinaryLabelDatasetMetric
from common import Golden, fairness_tables

golden = Golden(dict(aif360=version('aif360'), numpy=np.__version__, pandas=pd.__version__))
tables = fairness_tables()
golden.tables(tables)
sided = ['selection_rate', 'true_positive_rate', 'true_negative_rate', 'false_positive_rate', 'false_negative_rate', 'positive_predictive_value',
         'negative_predictive_value', 'false_discovery_rate', 'false_omission_rate', 'accuracy', 'error_rate', 'base_rate']
plain = ['statistical_parity_difference', 'disparate_impact', 'equal_opportunity_difference', 'average_odds_difference', 'average_abs_odds_difference',
         'average_predictive_value_difference', 'true_positive_rate_difference', 'false_positive_rate_difference', 'false_positive_rate_ratio', 'false_negative_rate_difference', 'false_negative_rate_ratio',
         'false_omission_rate_difference', 'false_omission_rate_ratio', 'false_discovery_rate_difference', 'false_discovery_rate_ratio', 'error_rate_difference', 'error_rate_ratio',
         'theil_index', 'coefficient_of_variation', 'between_group_theil_index']
for name, t in tables.items():
    f = pd.DataFrame(t)
    for weight in (False, True):
        for value in ('a', 'x'):
            if value not in set(f.g):
                continue
            frame = pd.DataFrame(dict(p=(f.g == value).astype(float), label=f.label.astype(float), w=f.weight if weight else 1.0))
            make = lambda column: BinaryLabelDataset(df=frame.assign(label=column), label_names=['label'], protected_attribute_names=['p'], instance_weights_name='w')
            truth, guess = make(f.label.astype(float)), make(f.prediction.astype(float))
            metric = ClassificationMetric(truth, guess, unprivileged_groups=[dict(p=0)], privileged_groups=[dict(p=1)])
            args = dict(label='label', prediction='prediction', privileged=f'g={value}') | (dict(weight='weight') if weight else {})
            for m in sided:
                for side, flag in (('all', None), ('privileged', True), ('unprivileged', False)):
                    golden.case(f'{m}@aif360', [name], args | dict(side=side), getattr(metric, m)(privileged=flag))
            for m in plain:
                if weight and ('theil' in m or 'variation' in m):
                    continue
                if hasattr(metric, m):
                    value = getattr(metric, m)()
                    # The reference subtracts 1 from each term: about 1e-13 is lost to cancellation.
                    golden.case(f'{m}@aif360', [name], args, value, max(1e-9, 1e-13 / abs(value)) if 'theil' in m and value else None)
            golden.case('mean_difference@aif360', [name], {k: v for k, v in args.items() if k != 'prediction'},
                        BinaryLabelDatasetMetric(truth, unprivileged_groups=[dict(p=0)], privileged_groups=[dict(p=1)]).mean_difference())
            if not weight:
                for alpha in (1, 2, 3, 0.5):
                    own = {k: v for k, v in args.items() if k != 'privileged'}
                    golden.case('generalized_entropy_index@aif360', [name], own | dict(alpha=alpha), metric.generalized_entropy_index(alpha=alpha))
                    value = metric.between_group_generalized_entropy_index(alpha=alpha)
                    golden.case('between_group_generalized_entropy_index@aif360', [name], args | dict(alpha=alpha), value, max(1e-9, 1e-13 / abs(value)) if value else None)
                codes = {v: i for i, v in enumerate(sorted(set(f.g)))}
                crossed = BinaryLabelDataset(df=pd.DataFrame(dict(g=f.g.map(codes).astype(float), label=f.prediction.astype(float))), label_names=['label'], protected_attribute_names=['g'])
                whole = BinaryLabelDatasetMetric(crossed)
                for concentration in (1.0, 3.0):
                    golden.case('smoothed_empirical_differential_fairness@aif360', [name], dict(prediction='prediction', protected=['g'], concentration=concentration),
                                whole.smoothed_empirical_differential_fairness(concentration=concentration))
golden.write()
