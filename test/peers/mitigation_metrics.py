"""Goldens of fairlearn 0.15.0's ThresholdOptimizer: python test/peers/mitigation_metrics.py > test/peers/goldens/mitigation/fairlearn.json"""
import json, warnings
warnings.simplefilter('ignore')
from importlib.metadata import version
import numpy as np, pandas as pd
from sklearn.base import BaseEstimator
from fairlearn.postprocessing import ThresholdOptimizer
from common import fairness_tables


class Score(BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.asarray(X).ravel()


out = dict(versions=dict(fairlearn=version('fairlearn'), numpy=np.__version__), tables={}, cases=[])
for name in ('plain', 'two', 'many'):
    f = pd.DataFrame(fairness_tables()[name])
    out['tables'][name] = {c: f[c].tolist() for c in ('g', 'label', 'score')}
    for constraint in ('demographic_parity', 'true_positive_rate_parity', 'equalized_odds'):
        optimizer = ThresholdOptimizer(estimator=Score(), constraints=constraint, objective='accuracy_score', prefit=True, predict_method='predict', grid_size=1000)
        optimizer.fit(f[['score']], f.label, sensitive_features=f.g)
        p = optimizer._pmf_predict(f[['score']], sensitive_features=f.g)[:, 1]
        groups = {}
        for g, rows in f.groupby('g').groups.items():
            own, y = p[rows], f.label[rows].to_numpy()
            groups[g] = dict(selectionRate=own.mean(), truePositiveRate=own[y == 1].mean(), falsePositiveRate=own[y == 0].mean())
        out['cases'].append(dict(table=name, constraint=constraint, accuracy=float(np.where(f.label == 1, p, 1 - p).mean()), groups=groups))
print(json.dumps(out, separators=(',', ':')))
