"""Goldens of fairlearn 0.15.0: python test/peers/fairlearn_metrics.py > test/peers/goldens/fairlearn.json"""
import warnings, itertools
warnings.simplefilter('ignore')
import numpy as np, pandas as pd, sklearn, fairlearn
import fairlearn.metrics as fm
from common import Golden, fairness_tables

golden = Golden(dict(fairlearn=fairlearn.__version__, sklearn=sklearn.__version__, numpy=np.__version__, pandas=pd.__version__))
tables = fairness_tables()
golden.tables(tables)
rates = ['selection_rate', 'true_positive_rate', 'true_negative_rate', 'false_positive_rate', 'false_negative_rate']
compared = [f'{m}_{k}' for m in ('true_positive_rate', 'true_negative_rate', 'false_positive_rate', 'false_negative_rate', 'selection_rate', 'zero_one_loss', 'accuracy_score') for k in ('difference', 'ratio')]
compared += [f'{m}_{k}' for m in ('demographic_parity', 'equal_opportunity', 'equalized_odds') for k in ('difference', 'ratio')]
extremes = ['accuracy_score_group_min', 'balanced_accuracy_score_group_min', 'precision_score_group_min', 'recall_score_group_min', 'f1_score_group_min', 'zero_one_loss_group_max']

for name, t in tables.items():
    f = pd.DataFrame(t)
    for protected, weight in itertools.product((['g'], ['g', 's']), (False, True)):
        if protected == ['g', 's'] and name not in ('plain', 'many'):
            continue
        args = dict(label='label', prediction='prediction', protected=protected) | (dict(weight='weight') if weight else {})
        sf = f[protected]
        sw = f.weight if weight else None
        for m in rates:
            own = {k: v for k, v in args.items() if not (m == 'selection_rate' and k == 'label')}
            call = getattr(fm, m)
            frame = fm.MetricFrame(metrics=call, y_true=f.label, y_pred=f.prediction, sensitive_features=sf, sample_params=dict(sample_weight=sw) if weight else None)
            golden.case(f'{m}@fairlearn', [name], own, frame.overall)
            for key, value in frame.by_group.items():
                golden.case(f'{m}@fairlearn', [name], own | dict(group=','.join(key) if isinstance(key, tuple) else key), value)
        for m in compared:
            call = getattr(fm, m, None)
            if call is None:
                continue
            for method in ('between_groups', 'to_overall'):
                extra = [{}] if not m.startswith('equalized') else [dict(agg='worst_case'), dict(agg='mean')]
                for more in extra:
                    own = {k: v for k, v in args.items() if not ((m.startswith('selection_rate') or m.startswith('demographic')) and k == 'label')}
                    golden.case(f'{m}@fairlearn', [name], own | dict(method=method) | more,
                                call(f.label, f.prediction, sensitive_features=sf, method=method, sample_weight=sw, **more))
        for m in extremes:
            golden.case(f'{m}@fairlearn', [name], args, getattr(fm, m)(f.label, f.prediction, sensitive_features=sf, sample_weight=sw))
        for m in ('roc_auc_score_group_min', 'log_loss_group_max'):
            try:
                value = getattr(fm, m)(f.label, f.score, sensitive_features=sf, sample_weight=sw)
            except ValueError:
                continue  # log loss of one class raises; ours is the mean of what happened
            golden.case(f'{m}@fairlearn', [name], args | dict(prediction='score'), value)
        for m in ('mean_absolute_error_group_max', 'mean_squared_error_group_max', 'r2_score_group_min'):
            golden.case(f'{m}@fairlearn', [name], args | dict(label='y', prediction='z'), getattr(fm, m)(f.y, f.z, sensitive_features=sf, sample_weight=sw))
golden.write()
