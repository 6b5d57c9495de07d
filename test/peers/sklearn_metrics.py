"""Goldens of scikit-learn 1.9.1: python test/peers/sklearn_metrics.py > test/peers/goldens/sklearn.json"""
import warnings
warnings.simplefilter('ignore')
import numpy as np, pandas as pd, sklearn
import sklearn.metrics as sm
from common import Golden, fairness_tables

golden = Golden(dict(sklearn=sklearn.__version__, numpy=np.__version__))
tables = fairness_tables()
golden.tables(tables)
for name, t in tables.items():
    f = pd.DataFrame(t)
    for weight in (None, 'weight'):
        w = None if weight is None else f.weight
        extra = {} if weight is None else dict(weight=weight)
        both = dict(label='label', prediction='prediction') | extra
        golden.case('accuracy_score@sklearn', [name], both, sm.accuracy_score(f.label, f.prediction, sample_weight=w))
        golden.case('balanced_accuracy_score@sklearn', [name], both, sm.balanced_accuracy_score(f.label, f.prediction, sample_weight=w))
        for m in ('precision_score', 'recall_score', 'f1_score'):
            for average in ('binary', 'macro', 'micro', 'weighted'):
                golden.case(f'{m}@sklearn', [name], both | dict(average=average, zero_division=0), getattr(sm, m)(f.label, f.prediction, average=average, sample_weight=w, zero_division=0))
            golden.case(f'{m}@sklearn', [name], both, getattr(sm, m)(f.label, f.prediction, sample_weight=w, zero_division=np.nan))
            golden.case(f'{m}@sklearn', [name], dict(label='k', prediction='k', average='macro'), getattr(sm, m)(f.k, f.k, average='macro'))
        scores = dict(label='label', score='score') | extra
        golden.case('roc_auc_score@sklearn', [name], scores, sm.roc_auc_score(f.label, f.score, sample_weight=w))
        golden.case('average_precision_score@sklearn', [name], scores, sm.average_precision_score(f.label, f.score, sample_weight=w))
        golden.case('log_loss@sklearn', [name], scores, sm.log_loss(f.label, f.score, sample_weight=w))
        golden.case('brier_score_loss@sklearn', [name], scores, sm.brier_score_loss(f.label, f.score, sample_weight=w))
        numbers = dict(label='y', prediction='z') | extra
        for m in ('mean_squared_error', 'mean_absolute_error', 'r2_score'):
            golden.case(f'{m}@sklearn', [name], numbers, getattr(sm, m)(f.y, f.z, sample_weight=w))
    golden.case('mutual_info_score@sklearn', [name], dict(label='g', prediction='label'), sm.mutual_info_score(f.g, f.label))
    for g in sorted(set(f.g))[:2]:
        own = f[f.g == g]
        if own.label.nunique() > 1:
            golden.case('roc_auc_by_group@assay', [name], dict(label='label', score='score', protected='g', group=g), sm.roc_auc_score(own.label, own.score))
golden.write()
