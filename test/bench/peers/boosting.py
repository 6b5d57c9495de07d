"""Seconds and AUC of scikit-learn 1.9.1's histogram boosting, one thread: python boosting.py FILE ROWS UNSEEN WIDTH (float64 rows, then labels)."""
import json, os, sys, time
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[name] = '1'
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

path, rows, unseen, width = sys.argv[1], *map(int, sys.argv[2:5])
data = np.fromfile(path)
x, y = data[:(rows + unseen) * width].reshape(-1, width), data[(rows + unseen) * width:]
seconds = 1e9
for run in range(5):
    start = time.perf_counter()
    m = HistGradientBoostingClassifier(max_iter=100, early_stopping=False).fit(x[:rows], y[:rows])
    seconds = min(seconds, time.perf_counter() - start)
print(json.dumps(dict(seconds=seconds, auc=roc_auc_score(y[rows:], m.predict_proba(x[rows:])[:, 1]))))
