"""Goldens of scikit-learn 1.9.1's linear models: python test/peers/learning_linear.py > test/peers/goldens/learning-linear.json"""
import json, sys, warnings
warnings.simplefilter('ignore')
import numpy as np, sklearn
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

rng = np.random.RandomState(20261122)


def table(n, p, kind):
    x = rng.normal(size=(n, p))
    if kind == 'skewed':
        x = np.exp(2 * x) * 10.0 ** rng.randint(-3, 4, p)
    if kind == 'collinear':
        x[:, 2] = x[:, 0] + x[:, 1]
        x[:, 3] = 7
    if kind == 'near':
        x[:, 1] = x[:, 0] + 1e-3 * x[:, 1]
    y = x @ rng.normal(size=p) / np.abs(x).mean() + rng.normal(size=n) + 3
    return x, y


cases = []
for kind, n, p in (('plain', 60, 5), ('skewed', 50, 4), ('collinear', 40, 6), ('near', 60, 4), ('wide', 8, 12)):
    x, y = table(n, p, kind)
    w = np.round(10 ** rng.uniform(-2, 2, n), 4)
    k = np.digitize(y, np.quantile(y, [.3, .7])).astype(int)
    models = []
    for weighted in (False, True):
        sw = w if weighted else None

        def add(hyper, model, **fit):
            m = model.fit(x, k if 'softmax' in hyper['name'] else y, sample_weight=sw, **fit)
            coef = np.atleast_2d(m.coef_)
            prediction = m.predict_proba(x) if 'softmax' in hyper['name'] else m.predict(x)
            models.append(dict(hyperparameters=hyper, weighted=weighted, coefficients=coef.tolist(), intercepts=np.atleast_1d(m.intercept_).tolist(), predictions=np.asarray(prediction).reshape(n, -1)[:20].tolist()))
        add(dict(name='linear_regression'), LinearRegression())
        for l2 in (.1, 10):
            add(dict(name='ridge', l2=l2), Ridge(alpha=l2, solver='cholesky'))
        if kind != 'wide':
            for a in (.01, .3):
                add(dict(name='lasso', alpha=a, tolerance=1e-15), Lasso(alpha=a, tol=1e-15, max_iter=1000000))
                add(dict(name='elastic_net', alpha=a, l1Ratio=.4, tolerance=1e-15), ElasticNet(alpha=a, l1_ratio=.4, tol=1e-15, max_iter=1000000))
        if kind in ('plain', 'near', 'wide'):
            for l2 in (.5, 5):
                add(dict(name='softmax_regression', l2=l2, tolerance=1e-13), LogisticRegression(C=1 / l2, tol=1e-12, max_iter=100000, solver='newton-cg'))
    cases.append(dict(kind=kind, values=x.tolist(), target=y.tolist(), classes=k.tolist(), weights=w.tolist(), models=models))
json.dump(dict(versions=dict(sklearn=sklearn.__version__, numpy=np.__version__, python=sys.version.split()[0]), cases=cases), sys.stdout, separators=(',', ':'))
print()
