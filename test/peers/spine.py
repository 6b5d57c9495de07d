"""Goldens of the numbers that the play prints: python test/peers/spine.py > test/peers/goldens/spine.json

Needs scikit-learn 1.9.1, statsmodels 0.15.0, fairlearn 0.15.0, numpy 2.4.1, pandas (requirements.txt beside it).
"""
import json, os, sys
import numpy as np, pandas as pd, scipy, sklearn, statsmodels, fairlearn
from fairlearn.metrics import demographic_parity_difference, demographic_parity_ratio
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (average_precision_score, brier_score_loss, log_loss, roc_auc_score)
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

data = os.path.join(os.path.dirname(__file__), '../../examples/boston-mortgage/boston-hmda.csv')
frame = pd.read_csv(data)
y = (frame.deny == 'yes').astype(int).values
X = frame.drop(columns='deny').replace({'yes': 1, 'no': 0}).astype(float)
afam = X.afam.values


def reweigh(a, l):
    w = np.zeros(len(l))
    for g in np.unique(a):
        for c in np.unique(l):
            m = (a == g) & (l == c)
            w[m] = (a == g).sum() * (l == c).sum() / len(l) / m.sum()
    return w


def model(drop, reweighing, C, seed):
    Z = X[[c for c in X.columns if c not in drop]].values.astype(np.float32).astype(float)
    split = StratifiedKFold(5, shuffle=seed is not None, random_state=seed)
    p = np.zeros(len(y))
    def fit(rows):
        scaler = StandardScaler().fit(Z[rows])
        w = reweigh(afam[rows], y[rows]) if reweighing else None
        fitted = LogisticRegression(C=C, tol=1e-14, max_iter=10000, solver='newton-cholesky').fit(
            scaler.transform(Z[rows]), y[rows], sample_weight=w)
        return scaler, fitted
    for training, test in split.split(Z, y):
        scaler, fitted = fit(training)
        p[test] = fitted.predict_proba(scaler.transform(Z[test]))[:, 1]
    favourable = (p < 0.3).astype(int)
    label = 1 - y
    n1, n0 = int((afam == 1).sum()), int((afam == 0).sum())
    s1, s0 = int(favourable[afam == 1].sum()), int(favourable[afam == 0].sum())
    scaler, full = fit(np.arange(len(y)))
    return dict(
        drop=drop, reweighing=reweighing, l2=1 / C, seed=seed, selected=dict(yes=s1, no=s0), n=dict(yes=n1, no=n0),
        demographic_parity_ratio=float(demographic_parity_ratio(label, favourable, sensitive_features=afam)),
        demographic_parity_difference=float(demographic_parity_difference(label, favourable, sensitive_features=afam)),
        koopman=[float(v) for v in confint_proportions_2indep(s1, n1, s0, n0, compare='ratio', method='score', correction=False)],
        accuracy=float((favourable == label).mean()), roc_auc=float(roc_auc_score(y, p)), log_loss=float(log_loss(y, p)),
        brier=float(brier_score_loss(y, p)), average_precision=float(average_precision_score(y, p)),
        probabilities=[float(v) for v in p[:20]],
        coefficients=[float(v) for v in full.coef_[0]], intercept=float(full.intercept_[0]),
        means=[float(v) for v in scaler.mean_], scales=[float(v) for v in scaler.scale_])


def intervals():
    rows = []
    for c1, n1, c2, n2 in [(40, 100, 60, 100), (1, 5, 12, 30), (0, 10, 3, 12), (226, 339, 1927, 2041), (3, 7, 5, 9),
                           (56, 70, 48, 80), (1, 1000, 3, 2000), (7, 10_000, 900, 1_000_000), (5, 10, 0, 0)]:
        if n2 == 0:
            continue
        row = dict(first=[c1, n1], second=[c2, n2], wilson=[float(v) for v in proportion_confint(c1, n1, method='wilson')],
                   newcombe=[float(v) for v in confint_proportions_2indep(c1, n1, c2, n2, compare='diff', method='newcomb')])
        if 0 < c1 < n1 and 0 < c2 < n2:
            for name, correction in (('koopman', False), ('miettinen_nurminen', True)):
                row[name] = [float(v) for v in confint_proportions_2indep(c1, n1, c2, n2, compare='ratio', method='score', correction=correction)]
        rows.append(row)
    return rows


def folds():
    out = []
    rng = np.random.RandomState(5)
    for n, classes, k, seed in [(23, 2, 3, None), (23, 2, 3, 7), (101, 3, 5, 0), (101, 3, 5, 4294967295), (64, 2, 4, 12345)]:
        labels = np.concatenate([np.repeat(np.arange(classes), k), rng.randint(0, classes, n - classes * k)])
        rng.shuffle(labels)
        split = StratifiedKFold(k, shuffle=seed is not None, random_state=seed)
        out.append(dict(labels=labels.tolist(), k=k, seed=seed, test=[t.tolist() for _, t in split.split(labels, labels)]))
    return out


json.dump(dict(
    versions={m.__name__: m.__version__ for m in (np, pd, scipy, sklearn, statsmodels, fairlearn)} | {'python': sys.version.split()[0]},
    models=[model(d, r, C, s) for s in (None, 0, 42) for d, r, C in (([], False, 1), (['afam'], True, 1), (['afam'], True, .1))],
    intervals=intervals(), folds=folds()), sys.stdout, indent=1)
