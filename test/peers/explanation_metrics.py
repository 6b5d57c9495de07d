"""Goldens of shap 0.51.0 and scikit-learn 1.9.1's inspection, by the names of the catalogue:
python test/peers/explanation_metrics.py > test/peers/goldens/explanation.json"""
import warnings
warnings.simplefilter('ignore')
import numpy as np, pandas as pd, shap, sklearn
import sklearn.metrics as sm
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor
from common import Golden

golden = Golden(dict(shap=shap.__version__, sklearn=sklearn.__version__, numpy=np.__version__))
rng = np.random.RandomState(20261122)
n, p = 90, 4
names = [f'x{j}' for j in range(p)]
x = rng.normal(size=(n, p)).astype(np.float32).astype(float)
x[:, 2] = rng.randint(0, 3, n)
x[:, 3] = np.exp(rng.normal(0, 6, n)).astype(np.float32)
y = np.round(10 * x[:, 0] + 5 * x[:, 1] * x[:, 2] + np.log(x[:, 3]) + rng.normal(size=n), 6)
k = np.digitize(y, np.quantile(y, [.4, .7]))
asked, background = x[:7], x[40:60]
table = lambda rows: {name: rows[:, j].tolist() for j, name in enumerate(names)}
golden.tables(dict(rows=table(asked), background=table(background), all=table(x) | dict(y=y.tolist())))


def trees_of(model):
    parts = [e.tree_ for e in getattr(model, 'estimators_', [model])]
    out = []
    for t in parts:
        value = t.value.reshape(t.node_count, -1)
        out.append(dict(feature=[int(f) if l >= 0 else -1 for f, l in zip(t.feature, t.children_left)], threshold=t.threshold.tolist(), left=t.children_left.tolist(),
                        right=t.children_right.tolist(), cover=t.weighted_n_node_samples.tolist(), value=np.where(t.children_left[:, None] < 0, value / len(parts), 0).ravel().tolist(), width=value.shape[1]))
    return out


for model, target in ((DecisionTreeRegressor(max_depth=3, random_state=1), y), (RandomForestRegressor(3, max_depth=3, random_state=1), y), (RandomForestClassifier(2, max_depth=2, random_state=1), k)):
    model.fit(x, target)
    outputs = 3 if target is k else 1
    for how in ('tree_path_dependent', 'interventional'):
        explainer = shap.TreeExplainer(model, **({} if how == 'tree_path_dependent' else dict(data=background)), feature_perturbation=how)
        values = np.asarray(explainer.shap_values(asked, check_additivity=False)).reshape(len(asked), p, outputs)
        base = np.ravel(explainer.expected_value)
        files = ['rows'] + (['background'] if how == 'interventional' else [])
        # shap sums interventional shares in float32.
        bound = dict(tolerance=1e-6, absolute=1e-6) if how == 'interventional' else dict(absolute=1e-12)
        for o in range(outputs):
            args = dict(trees=trees_of(model), feature='x0', output=o, feature_perturbation=how)
            golden.case('tree_explainer@shap', files, args | dict(result='base'), base[o])
            for j, name in enumerate(names):
                golden.case('tree_explainer@shap', files, args | dict(feature=name), np.abs(values[:, j, o]).mean(), **bound)
                golden.case('tree_explainer@shap', files, args | dict(feature=name, row=3), values[3, j, o], **bound)
ridge = Ridge(alpha=1.0).fit(x, y)
linear = dict(coefficients=ridge.coef_.tolist(), intercept=float(ridge.intercept_))
explainer = shap.LinearExplainer(ridge, shap.maskers.Independent(background, max_samples=len(background)))
values = explainer.shap_values(asked)
golden.case('linear_explainer@shap', ['rows', 'background'], linear | dict(feature='x0', result='base'), explainer.expected_value)
for j, name in enumerate(names):
    golden.case('linear_explainer@shap', ['rows', 'background'], linear | dict(feature=name), np.abs(values[:, j]).mean())
    for row in (0, 5):
        golden.case('linear_explainer@shap', ['rows', 'background'], linear | dict(feature=name, row=row), values[row, j])
forest = RandomForestRegressor(3, max_depth=4, random_state=1).fit(x, y)
for model, given in ((forest, dict(trees=trees_of(forest))), (ridge, linear)):
    for j, name in enumerate(names):
        grid = [float(v) for v in np.quantile(x[:, j], [.1, .5, .95], method='inverted_cdf')]
        found = partial_dependence(model, x, [j], custom_values={j: np.array(sorted(set(grid)))}, method='brute', kind='average')['average'].ravel()
        for value, mean in zip(sorted(set(grid)), found):
            golden.case('partial_dependence@sklearn', ['all'], given | dict(columns=names, feature=name, value=value), mean)
        # Drawn, by another generator: two means of 400 shufflings differ by about their standard error, √(2/400) of the sd.
        drawn = permutation_importance(model, x, y, n_repeats=400, random_state=3)
        args = given | dict(columns=names, label='y', feature=name, n_repeats=400)
        golden.case('permutation_importance@sklearn', ['all'], args, drawn.importances_mean[j], absolute=float(5 * drawn.importances_std[j] * np.sqrt(2 / 400) + 1e-12))
        golden.case('permutation_importance@sklearn', ['all'], args | dict(result='std'), drawn.importances_std[j], tolerance=.25, absolute=1e-12)
    golden.case('permutation_importance@sklearn', ['all'], given | dict(columns=names, label='y', feature='x0', result='baseline'), sm.r2_score(y, model.predict(x)))

# Averages and areas of several classes.
classes = ['high', 'low', 'mid']
for name, m in (('three', 120), ('rare', 40)):
    truth = rng.choice(classes, m, p=[.3, .6, .1] if name == 'three' else [.05, .9, .05])
    truth[:3] = classes
    scores = rng.dirichlet([.5, .5, .5], m) * .6 + .4 * np.array([[t == c for c in classes] for t in truth])
    scores /= scores.sum(axis=1, keepdims=True)
    guess = np.array(classes)[scores.argmax(axis=1)]
    w = np.round(10 ** rng.uniform(-3, 3, m), 5)
    golden.tables({name: dict(truth=truth.tolist(), guess=guess.tolist(), weight=w.tolist()) | {f'p_{c}': scores[:, i].tolist() for i, c in enumerate(classes)} | {f'd_{c}': (scores[:, i] * 3).tolist() for i, c in enumerate(classes)}})
    for weight in (None, 'weight'):
        sw = w if weight else None
        extra = dict(weight=weight) if weight else {}
        for short in ('precision', 'recall', 'f1'):
            for how in ('macro', 'micro', 'weighted'):
                golden.case(f'{short}_{how}@sklearn', [name], dict(label='truth', prediction='guess', zero_division=0) | extra, getattr(sm, f'{short}_score')(truth, guess, average=how, sample_weight=sw, zero_division=0))
        named = dict(label='truth', scores=[f'p_{c}' for c in classes], classes=classes) | extra
        if not weight:
            golden.case('roc_auc_ovr@sklearn', [name], named, sm.roc_auc_score(truth, scores, multi_class='ovr'))
        golden.case('log_loss@sklearn', [name], named, sm.log_loss(truth, scores, sample_weight=sw))
    one = (truth == 'low').astype(int)
    precision, recall, _ = sm.precision_recall_curve(one, np.round(scores[:, 1], 1))
    golden.tables({f'{name}-low': dict(label=one.tolist(), score=np.round(scores[:, 1], 1).tolist())})
    golden.case('precision_recall_trapezoid@assay', [f'{name}-low'], dict(label='label', score='score'), sm.auc(recall, precision))
    golden.case('mean_squared_distance@assay', [name], dict(columns=[f'd_{c}' for c in classes]), ((scores * 3).min(axis=1) ** 2).mean())
golden.write()
