"""Goldens of shap 0.51.0 and of scikit-learn 1.9.1's partial dependence: python test/peers/learning_explain.py > test/peers/goldens/learning-explain.json"""
import json, sys, warnings
warnings.simplefilter('ignore')
import numpy as np, shap, sklearn
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.inspection import partial_dependence
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

rng = np.random.RandomState(20261122)


def rounded(a, digits=15):
    return [float(f'{v:.{digits}g}') for v in np.asarray(a, float).ravel()]


def trees_of(model):
    parts = [e.tree_ for e in getattr(model, 'estimators_', [model])]
    out = []
    for t in parts:
        # Ours and scikit-learn's: a row goes left where value <= threshold.
        value = t.value.reshape(t.node_count, -1)
        out.append(dict(feature=[int(f) if l >= 0 else -1 for f, l in zip(t.feature, t.children_left)], threshold=rounded(t.threshold, 17), left=t.children_left.tolist(),
                        right=t.children_right.tolist(), cover=rounded(t.weighted_n_node_samples), value=rounded(np.where(t.children_left[:, None] < 0, value / len(parts), 0)), width=value.shape[1]))
    return out


n, p = 120, 5
x = rng.normal(size=(n, p)).astype(np.float32).astype(float)
x[:, 3] = rng.randint(0, 3, n)
y = np.round(10 * x[:, 0] + 5 * x[:, 1] * x[:, 2] + 3 * x[:, 3] + rng.normal(size=n), 6)
k = np.digitize(y, np.quantile(y, [.4, .7]))
w = np.round(10 ** rng.uniform(-1, 1, n), 3)
asked = x[:6]
background = x[50:70]
cases = []
for name, model, target in (('one tree', DecisionTreeRegressor(max_depth=4, random_state=1), y), ('deep tree, a column many times on a path', DecisionTreeRegressor(random_state=1), y),
                            ('forest', RandomForestRegressor(5, max_depth=4, random_state=1), y), ('forest of three classes', RandomForestClassifier(4, max_depth=3, random_state=1), k)):
    model.fit(x, target, sample_weight=w if name == 'forest' else None)
    path = shap.TreeExplainer(model, feature_perturbation='tree_path_dependent')
    inter = shap.TreeExplainer(model, data=background, feature_perturbation='interventional')
    outputs = 3 if target is k else 1
    # (rows, columns, outputs) to (rows, outputs, columns).
    turn = lambda v: np.asarray(v).reshape(len(asked), p, outputs).transpose(0, 2, 1)
    cases.append(dict(name=name, outputs=outputs, trees=trees_of(model), pathDependent=rounded(turn(path.shap_values(asked, check_additivity=False))), pathBase=rounded(np.ravel(path.expected_value)),
                      interventional=rounded(turn(inter.shap_values(asked, check_additivity=False))), interventionalBase=rounded(np.ravel(inter.expected_value))))
ridge = Ridge(alpha=1.0).fit(x, y)
explainer = shap.LinearExplainer(ridge, shap.maskers.Independent(background, max_samples=len(background)))
grid = [-1.5, -.5, 0, .25, 1]
forest = RandomForestRegressor(5, max_depth=4, random_state=1).fit(x, y)
pd = partial_dependence(forest, x, [1], custom_values={1: np.array(grid)}, method='brute', kind='average')
json.dump(dict(versions=dict(shap=shap.__version__, sklearn=sklearn.__version__, numpy=np.__version__, python=sys.version.split()[0]), width=p, table=rounded(x, 9), asked=rounded(asked, 9), background=rounded(background, 9),
               cases=cases, linear=dict(coefficients=rounded(ridge.coef_), intercept=float(ridge.intercept_), values=rounded(explainer.shap_values(asked)), base=float(explainer.expected_value)),
               dependence=dict(trees=trees_of(forest), column=1, grid=grid, means=rounded(pd['average']))), sys.stdout, separators=(',', ':'))
print()
