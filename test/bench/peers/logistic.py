"""Seconds and loss of scikit-learn 1.9.1's float64 L-BFGS, one thread: python logistic.py FILE ROWS WIDTH L2 (float64 rows, then labels)."""
import json, os, sys, time
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[name] = '1'
import numpy as np
from sklearn.linear_model import LogisticRegression

path, rows, width, l2 = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
data = np.fromfile(path)
x, y = data[:rows * width].reshape(rows, width), data[rows * width:]
best = None


def loss(m):
    z = x @ m.coef_[0] + m.intercept_[0]
    return float(np.sum(np.logaddexp(0, z) - y * z) + l2 / 2 * np.sum(m.coef_ ** 2))


out = []
# From the default tolerance on down: the caller takes the fastest that reaches the loss.
for tol in (1e-4, 1e-5, 1e-6, 1e-8, 1e-10):
    seconds = 1e9
    for run in range(5):
        start = time.perf_counter()
        m = LogisticRegression(C=1 / l2, solver='lbfgs', tol=tol, max_iter=10000).fit(x, y)
        seconds = min(seconds, time.perf_counter() - start)
    out.append(dict(tolerance=tol, seconds=seconds, loss=loss(m), iterations=int(m.n_iter_[0])))
print(json.dumps(out))
