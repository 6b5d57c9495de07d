"""Goldens of scikit-learn 1.9.1's trees, neighbours, naive Bayes and k-means:
python test/peers/learning_trees.py > test/peers/goldens/learning-trees.json"""
import json, sys, warnings
warnings.simplefilter('ignore')
import numpy as np, sklearn
from sklearn.cluster import KMeans
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.RandomState(20261122)
cases = []


def rounded(a, digits=13):
    return [float(f'{v:.{digits}g}') for v in np.asarray(a, float).ravel()]


def columns(a):
    # Nine digits are a float32.
    return rounded(a, 9)


def steady(make, x, y, weights):
    # scikit-learn tries columns in random order: where two cuts gain the same, only its seed decides. Such trees are left out.
    models = [make(seed).fit(x, y, sample_weight=weights) for seed in range(8)]
    ask = (lambda m: m.predict_proba(x)) if hasattr(models[0], 'predict_proba') else (lambda m: m.predict(x))
    return models[0] if all(np.allclose(ask(m), ask(models[0]), rtol=1e-11, atol=1e-11) for m in models) else None


few = 25


def table(n, p, scale=1.0, shift=0.0):
    # Continuous in float32: no ties between columns, none within.
    x = (rng.normal(size=(n, p)) * scale + shift).astype(np.float32).astype(np.float64)
    z = x[:, 0] / scale - np.abs(x[:, 1] - shift) / scale + .5 * rng.normal(size=n)
    return x, z


def case(algorithm, hyper, x, target, classes, weights, model, output, **more):
    # Outputs of the first rows only.
    cases.append(dict(algorithm=algorithm, hyperparameters=hyper, width=x.shape[1], values=columns(x), target=rounded(target), classes=classes,
                      weights=None if weights is None else rounded(weights), outputs=rounded(output[:few]), **more))


for n, p, scale, shift in ((90, 4, 1, 0), (60, 3, 1e-4, 0), (70, 3, 1, 5e3)):
    x, z = table(n, p, scale, shift)
    w = np.round(10 ** rng.uniform(-2, 2, n), 4)
    z32 = np.round(z * 7 + 1e4, 6)
    k3 = np.digitize(z, np.quantile(z, [.3, .7]))
    k2 = (z > np.median(z)).astype(int)
    for weights in (None, w):
        for criterion, depth, leaf in (('gini', 3, 1), ('entropy', 3, 5)):
            for k, classes in ((k2, 2), (k3, 3)):
                m = steady(lambda seed: DecisionTreeClassifier(criterion=criterion, max_depth=depth, min_samples_leaf=leaf, random_state=seed), x, k, weights)
                if m: case('decision_tree', dict(criterion=criterion, maximumDepth=depth, minimumRows=leaf), x, k, classes, weights, m, m.predict_proba(x), nodes=int(m.tree_.node_count))
        for depth, leaf in ((3, 1), (4, 4)):
            m = steady(lambda seed: DecisionTreeRegressor(max_depth=depth, min_samples_leaf=leaf, random_state=seed), x, z32, weights)
            if m: case('decision_tree', dict(maximumDepth=depth, minimumRows=leaf), x, z32, 0, weights, m, m.predict(x), nodes=int(m.tree_.node_count))
        m = GaussianNB().fit(x, k3, sample_weight=weights)
        case('naive_bayes', dict(distribution='gaussian'), x, k3, 3, weights, m, m.predict_proba(x))
        b = (x > np.median(x, 0)).astype(float)
        for smoothing in (1, .1):
            m = BernoulliNB(alpha=smoothing).fit(b, k2, sample_weight=weights)
            case('naive_bayes', dict(distribution='bernoulli', smoothing=smoothing), b, k2, 2, weights, m, m.predict_proba(b))
            c = rng.poisson(3, x.shape).astype(float)
            m = MultinomialNB(alpha=smoothing).fit(c, k3, sample_weight=weights)
            case('naive_bayes', dict(distribution='multinomial', smoothing=smoothing), c, k3, 3, weights, m, m.predict_proba(c))
        first = x[rng.permutation(n)[:4]].copy()
        m = KMeans(4, init=first, n_init=1, tol=0, max_iter=500, algorithm='lloyd').fit(x, sample_weight=weights)
        case('k_means', dict(clusters=4), x, np.zeros(0), 0, weights, m, m.transform(x), initial=columns(first), centres=rounded(m.cluster_centers_), inertia=float(m.inertia_))
    for neighbours in (1, 5):
        m = KNeighborsClassifier(neighbours).fit(x, k3)
        q = (x + rng.normal(size=x.shape) * scale * .3).astype(np.float32).astype(float)
        case('k_nearest_neighbours', dict(neighbours=neighbours), x, k3, 3, None, m, m.predict_proba(q), asked=columns(q[:few]))
        m = KNeighborsRegressor(neighbours).fit(x, z32)
        case('k_nearest_neighbours', dict(neighbours=neighbours), x, z32, 0, None, m, m.predict(q), asked=columns(q[:few]))

json.dump(dict(versions=dict(sklearn=sklearn.__version__, numpy=np.__version__, python=sys.version.split()[0]), cases=cases), sys.stdout, separators=(',', ':'))
print()
