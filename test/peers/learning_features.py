"""Goldens of pipeline steps: python test/peers/learning_features.py > test/peers/goldens/learning-features.json

{versions, table: {column: [values, null: missing]}, cases: [{name, columns, pipeline, target?, seed?, served?, values, training?}]}:
`values` is what the pipeline, fitted on the columns, makes of them; `training` what the rows fitted on become.
"""
import json, sys, warnings
import numpy as np, scipy, sklearn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectFromModel, VarianceThreshold
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.metrics import mutual_info_score
from sklearn.preprocessing import (FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PolynomialFeatures,
                                   PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler, TargetEncoder)

warnings.filterwarnings('ignore')
rng = np.random.RandomState(20261122)
n = 90
f32 = lambda v: np.asarray(v, dtype=np.float32).astype(float)
a = f32(np.round(rng.normal(3, 2, n), 3))
b = f32(np.round(np.exp(rng.normal(0, 1.2, n)), 3) + .001)
c = rng.choice([1., 2., 2., 3., 7.], n)
d = f32(np.round(a * .7 - b * .2 + rng.normal(0, .5, n), 3))
e = rng.choice(['red', 'green', 'blue', 'grey', 'black'], n, p=[.4, .3, .2, .07, .03])
g = rng.choice(['n1', 'n2', 'n3'], n)
y = (rng.uniform(size=n) < .3 + .4 * (e == 'red')).astype(int)
z = f32(np.round(a + 2 * (e == 'blue') + rng.normal(0, 1, n), 3))
k = rng.choice(['p', 'q', 'r'], n)
words = 'loan denied approved income debt debt ratio history credit house 12 Zürich'.split()
t = [' '.join(rng.choice(words, rng.randint(1, 7))) for _ in range(n)]
am, bm, dm = a.copy(), b.copy(), d.copy()
am[rng.choice(n, 12, replace=False)] = np.nan
bm[rng.choice(n, 7, replace=False)] = np.nan
dm[rng.choice(n, 9, replace=False)] = np.nan
cm = c.copy(); cm[[3, 20]] = np.nan
table = dict(a=a, b=b, c=c, d=d, am=am, bm=bm, dm=dm, cm=cm, e=e, g=g, k=k, t=np.array(t), y=np.array(['no', 'yes'])[y], z=z)
cases = []


def plain(m):
    return [[None if isinstance(v, float) and np.isnan(v) else float(v) for v in row] for row in np.asarray(m.todense() if hasattr(m, 'todense') else m, dtype=float)]


def case(name, columns, pipeline, transformer=None, target=None, values=None, training=None, tolerance=1e-9, seed=0):
    x = np.column_stack([table[col] for col in columns])
    if transformer is not None:
        transformer.fit(x, target if target is not None else None)
        values = transformer.transform(x)
    own = dict(name=name, columns=columns, pipeline=pipeline, values=plain(values), tolerance=tolerance, seed=seed)
    if training is not None: own['training'] = plain(training)
    if target is y: own['target'] = 'y'
    if target is z: own['target'] = 'z'
    if target is k: own['target'] = 'k'
    cases.append(own)


numbers = ['a', 'b', 'c', 'd']
missing = ['am', 'bm', 'cm', 'dm']
for strategy, theirs in (('mean', 'mean'), ('median', 'median'), ('mode', 'most_frequent')):
    case(f'impute {strategy}', missing, [dict(step='impute', strategy=strategy)], SimpleImputer(strategy=theirs))
case('impute constant', missing, [dict(step='impute', strategy='constant', value=-1.5)], SimpleImputer(strategy='constant', fill_value=-1.5))
for iterations in (1, 8):
    case(f'impute chained {iterations}', missing, [dict(step='impute', strategy='chained', iterations=iterations, imputations=1)],
         IterativeImputer(LinearRegression(), imputation_order='roman', tol=0, max_iter=iterations), tolerance=1e-8)
case('standard', numbers, [dict(step='standard_scale')], StandardScaler())
case('standard with missing', missing, [dict(step='standard_scale'), dict(step='impute', strategy='constant', value=0)],
     values=np.nan_to_num(StandardScaler().fit_transform(np.column_stack([table[m] for m in missing]))))
case('min-max', numbers, [dict(step='min_max_scale', low=-1, high=3)], MinMaxScaler((-1, 3)))
case('robust', numbers, [dict(step='robust_scale')], RobustScaler())
case('robust 10 90', numbers, [dict(step='robust_scale', lower=.1, upper=.9)], RobustScaler(quantile_range=(10, 90)))
case('log', ['b', 'c'], [dict(step='log_scale', shift=1)], FunctionTransformer(np.log1p))
case('exponential', ['a', 'd'], [dict(step='exponential_scale', rate=-.5)], FunctionTransformer(lambda v: np.exp(-.5 * v)))
case('box-cox', ['b', 'c'], [dict(step='box_cox')], PowerTransformer('box-cox', standardize=False), tolerance=1e-6)
case('yeo-johnson', numbers, [dict(step='yeo_johnson')], PowerTransformer(standardize=False), tolerance=1e-6)
case('quantile 10', numbers, [dict(step='quantile_scale', quantiles=10)], QuantileTransformer(n_quantiles=10, subsample=None))


# With as many quantiles as rows scikit-learn's own are off by 1e-14, which takes one of a run of ties out of it: the
# middle of the ranks is the definition.
def ranks(v):
    s = np.sort(v)
    middle = (np.searchsorted(s, v, 'left') + np.searchsorted(s, v, 'right') - 1) / 2 / (len(s) - 1)
    return np.where(v == s[0], 0, np.where(v == s[-1], 1, middle))


case('quantile 90', numbers, [dict(step='quantile_scale', quantiles=90)], values=np.column_stack([ranks(table[v]) for v in numbers]))
case('clip', numbers, [dict(step='clip', minimum=0, maximum=4)], FunctionTransformer(lambda v: np.clip(v, 0, 4)))
case('clip deviations', numbers, [dict(step='clip', deviations=1.5)],
     FunctionTransformer(lambda v: np.clip(v, v.mean(0) - 1.5 * v.std(0), v.mean(0) + 1.5 * v.std(0))))
case('clip quantiles', numbers, [dict(step='clip', lower=.05, upper=.95)],
     FunctionTransformer(lambda v: np.clip(v, np.quantile(v, .05, 0), np.quantile(v, .95, 0))))
case('one-hot', ['e', 'g'], [dict(step='one_hot')], OneHotEncoder())
case('one-hot drop', ['e', 'g'], [dict(step='one_hot', drop='first')], OneHotEncoder(drop='first'))
case('one-hot rare', ['e', 'g'], [dict(step='one_hot', minimumCount=10, unseen='other')],
     OneHotEncoder(min_frequency=10, handle_unknown='infrequent_if_exist'))
case('ordinal', ['e', 'g'], [dict(step='ordinal_encode')], OrdinalEncoder())
case('frequency', ['e'], [dict(step='frequency_encode')],
     values=np.array([[np.mean(e == v)] for v in e]))
for smoothing in ('auto', 3.0):
    for target in (y, z, k):
        encoder = TargetEncoder(smooth=smoothing, shuffle=True, random_state=7)
        x = np.column_stack([e, g])
        training = encoder.fit_transform(x, target)
        case(f'target {smoothing} {len(set(target.tolist()))}', ['e', 'g'], [dict(step='target_encode', smoothing=smoothing)],
             target=target, values=encoder.transform(x), training=training, seed=7)
case('polynomial', numbers, [dict(step='polynomial')], PolynomialFeatures(2, include_bias=False))
case('polynomial 3', ['a', 'c', 'd'], [dict(step='polynomial', degree=3)], PolynomialFeatures(3, include_bias=False))
case('interaction', numbers, [dict(step='polynomial', interactionOnly=True)], PolynomialFeatures(2, interaction_only=True, include_bias=False))
case('pca', numbers, [dict(step='pca', components=3)], PCA(3, svd_solver='covariance_eigh'))
case('pca share', numbers, [dict(step='standard_scale'), dict(step='pca', variance=.8, whiten=True)],
     values=PCA(.8, whiten=True, svd_solver='full').fit_transform(StandardScaler().fit_transform(np.column_stack([a, b, c, d]))))
case('variance', numbers, [dict(step='select', by='variance', threshold=3.9)], VarianceThreshold(3.9))
scaled = StandardScaler().fit_transform(np.column_stack([a, b, c, d]))
for target, alpha in ((y, .03), (z, .12)):
    chosen = SelectFromModel(Lasso(alpha, tol=1e-12, max_iter=100000), threshold=1e-9).fit(scaled, target).get_support()
    case(f'l1 {len(set(target.tolist()))}', numbers, [dict(step='select', by='l1', alpha=alpha, threshold=1e-9)], target=target,
         values=np.column_stack([a, b, c, d])[:, chosen])
information = {v: mutual_info_score(table[v], y) for v in ('a', 'b', 'c', 'd')}
tfidf = lambda counts, **more: TfidfTransformer(**more).fit_transform(counts).todense()
for ngrams in (1, 2):
    counts = HashingVectorizer(n_features=16, norm=None, ngram_range=(1, ngrams)).transform(t)
    case(f'hash {ngrams}', ['t'], [dict(step='hash_text', columns=['t'], buckets=16, ngrams=ngrams)], values=counts)
counts = HashingVectorizer(n_features=16, norm=None, alternate_sign=False).transform(t)
for norm in ('l2', 'l1', None):
    for sublinear in (False, True):
        case(f'tf-idf {norm} {sublinear}', ['t'], [dict(step='hash_text', columns=['t'], buckets=16, signed=False),
             dict(step='tf_idf', columns=['t#*'], norm=norm or 'none', sublinear=sublinear)], values=tfidf(counts, norm=norm, sublinear_tf=sublinear))
json.dump(dict(versions={'scikit-learn': sklearn.__version__, 'scipy': scipy.__version__, 'numpy': np.__version__, 'python': sys.version.split()[0]},
               mutual_information=information,
               table={name: [None if isinstance(v, float) and np.isnan(v) else v for v in values.tolist()] for name, values in table.items()},
               cases=cases), sys.stdout)
