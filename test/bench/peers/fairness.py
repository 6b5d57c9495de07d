"""Seconds a row of fairlearn 0.15.0: 13 metrics by group, difference and ratio, on 100,000 rows; a bootstrap of them, on 20,000 rows
and 6 replicates; AUC by group, difference and ratio, on 1,000,000 rows."""
import json, time, warnings
warnings.simplefilter('ignore')
import numpy as np, pandas as pd
import fairlearn.metrics as fm
import sklearn.metrics as sm

rng = np.random.RandomState(0)


def rows(n):
    y = rng.randint(0, 2, n)
    return pd.DataFrame(dict(a=rng.randint(0, 5, n), b=rng.randint(0, 2, n))), y, np.where(rng.uniform(size=n) < .25, 1 - y, y), (rng.uniform(size=n) + y * .3) / 1.3


n = 100_000
g, y, p, _ = rows(n)
metrics = dict(count=fm.count, selection_rate=fm.selection_rate, tpr=fm.true_positive_rate, tnr=fm.true_negative_rate, fpr=fm.false_positive_rate, fnr=fm.false_negative_rate,
               accuracy=sm.accuracy_score, zero_one=sm.zero_one_loss, precision=sm.precision_score, recall=sm.recall_score, f1=sm.f1_score, balanced=sm.balanced_accuracy_score, mean=fm.mean_prediction)
start = time.perf_counter()
frame = fm.MetricFrame(metrics=metrics, y_true=y, y_pred=p, sensitive_features=g)
frame.by_group, frame.difference(), frame.ratio()
counts = (time.perf_counter() - start) / n
few = 5
start = time.perf_counter()
m = 20_000
fm.MetricFrame(metrics=metrics, y_true=y[:m], y_pred=p[:m], sensitive_features=g[:m], n_boot=few, ci_quantiles=[.025, .975], random_state=1)
bootstrap = (time.perf_counter() - start) / m / (few + 1) * 2001
n = 1_000_000
g, y, _, s = rows(n)
start = time.perf_counter()
frame = fm.MetricFrame(metrics=dict(auc=sm.roc_auc_score), y_true=y, y_pred=s, sensitive_features=g)
frame.by_group, frame.difference(), frame.ratio()
scores = (time.perf_counter() - start) / n
print(json.dumps(dict(counts=counts, bootstrap=bootstrap, scores=scores)))
