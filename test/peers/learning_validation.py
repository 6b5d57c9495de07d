"""Goldens of splits and scores: python test/peers/learning_validation.py > test/peers/goldens/learning-validation.json"""
import json, sys, warnings
import numpy as np, sklearn
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import (accuracy_score, auc, average_precision_score, balanced_accuracy_score, brier_score_loss, confusion_matrix,
                             f1_score, log_loss, precision_recall_curve, precision_score, recall_score, roc_auc_score)
from sklearn.model_selection import (GroupKFold, KFold, LeaveOneOut, ShuffleSplit, StratifiedKFold, TimeSeriesSplit,
                                     cross_val_predict, train_test_split)

warnings.filterwarnings('ignore')
rng = np.random.RandomState(20261122)
n = 61
labels = rng.choice([0, 1, 2], n, p=[.5, .3, .2])
groups = rng.choice(9, n)
rows = np.arange(n)
splits = []


def split(scheme, options, folds, seed=None):
    splits.append(dict(scheme=scheme, options=options, seed=seed, tests=[[int(v) for v in sorted(test)] for _, test in folds],
                       training=[[int(v) for v in sorted(training)] for training, _ in folds]))


for k in (2, 5):
    for seed in (None, 0, 7):
        split('k_fold', dict(k=k), list(KFold(k, shuffle=seed is not None, random_state=seed).split(rows)), seed)
        split('stratified_k_fold', dict(k=k), list(StratifiedKFold(k, shuffle=seed is not None, random_state=seed).split(rows, labels)), seed)
    split('group_k_fold', dict(k=k), list(GroupKFold(k).split(rows, groups=groups)))
    split('time_series_split', dict(k=k), list(TimeSeriesSplit(k).split(rows)))
    split('time_series_split', dict(k=k, gap=2, testRows=4, maximumTrainingRows=20), list(TimeSeriesSplit(k, gap=2, test_size=4, max_train_size=20).split(rows)))
for share in (.2, .33):
    for seed in (0, 7, 42):
        split('hold_out', dict(share=share), [train_test_split(rows, test_size=share, random_state=seed)], seed)
        split('hold_out', dict(share=share, stratify=True), [train_test_split(rows, test_size=share, random_state=seed, stratify=labels)], seed)
    split('hold_out', dict(share=share), [train_test_split(rows, test_size=share, shuffle=False)])

y = (rng.uniform(size=n) < .4).astype(int)
p = np.round(np.clip(.3 + .35 * y + rng.normal(0, .25, n), .01, .99), 2)
d = (p >= .5).astype(int)
precision, recall, _ = precision_recall_curve(y, p)
binary = {'roc_auc_score@sklearn': roc_auc_score(y, p), 'average_precision_score@sklearn': average_precision_score(y, p),
          'precision_recall_trapezoid@assay': auc(recall, precision), 'log_loss@sklearn': log_loss(y, p),
          'brier_score_loss@sklearn': brier_score_loss(y, p), 'accuracy_score@sklearn': accuracy_score(y, d),
          'precision_score@sklearn': precision_score(y, d), 'recall_score@sklearn': recall_score(y, d), 'f1_score@sklearn': f1_score(y, d)}
P = rng.dirichlet([1, 1, 1], n) + .6 * np.eye(3)[labels]
P /= P.sum(1, keepdims=True)
D = P.argmax(1)
multiclass = {'log_loss@sklearn': log_loss(labels, P), 'accuracy_score@sklearn': accuracy_score(labels, D),
              'roc_auc_ovr@sklearn': roc_auc_score(labels, P, multi_class='ovr')}
for scores, truth, decided in ((binary, y, d), (multiclass, labels, D)):
    scores['balanced_accuracy_score@sklearn'] = balanced_accuracy_score(truth, decided)
    for average in ('macro', 'micro', 'weighted'):
        for name, function in (('precision', precision_score), ('recall', recall_score), ('f1', f1_score)):
            scores[f'{name}_{average}@sklearn'] = function(truth, decided, average=average)

x = np.round(rng.normal(0, 1, (n, 3)), 3).astype(np.float32).astype(float)
z = np.round(x @ [1.5, -2, .3] + 4 + rng.normal(0, .5, n), 3)
left = {name: cross_val_predict(model, x, z, cv=LeaveOneOut()).tolist() for name, model in
        (('linear_regression', LinearRegression()), ('ridge', Ridge(2.5)))}
json.dump(dict(versions={'scikit-learn': sklearn.__version__, 'numpy': np.__version__, 'python': sys.version.split()[0]},
               labels=labels.tolist(), groups=groups.tolist(), splits=splits,
               binary=dict(labels=y.tolist(), probabilities=p.tolist(), scores={k: float(v) for k, v in binary.items()},
                           confusion=confusion_matrix(y, d).tolist()),
               multiclass=dict(probabilities=P.tolist(), scores={k: float(v) for k, v in multiclass.items()}),
               leave_one_out=dict(x=x.tolist(), z=z.tolist(), predictions=left)), sys.stdout)
