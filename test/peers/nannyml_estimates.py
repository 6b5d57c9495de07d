"""Goldens of NannyML 0.13.1's CBPE and DLE: python test/peers/nannyml_estimates.py > test/peers/goldens/nannyml-estimates.json"""
import warnings, logging, io, contextlib, os, sys
warnings.simplefilter('ignore')
os.environ['NML_DISABLE_USAGE_LOGGING'] = '1'
logging.disable(logging.CRITICAL)
from importlib.metadata import version
import numpy as np, pandas as pd, nannyml as nml
from common import Golden

golden = Golden(dict(nannyml=version('nannyml'), numpy=np.__version__, pandas=pd.__version__, lightgbm=version('lightgbm')))
rng = np.random.RandomState(3)


def scored(n, shift, distort):
    x = rng.normal(shift, 1, n)
    p = 1 / (1 + np.exp(-(1.2 * x - .3)))
    return pd.DataFrame(dict(y=(rng.uniform(size=n) < p).astype(int), p=np.round(distort(p), 3), x=np.round(x, 4))).assign(pred=lambda d: (d.p >= .5).astype(int))


metrics = ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision', 'confusion_matrix']
for name, shift, distort in (('shifted', .5, lambda p: p ** 2), ('down', -1, lambda p: np.sqrt(p)), ('flat', .2, lambda p: .3 + .4 * p)):
    m = 350
    reference, current = scored(m * 3, 0, distort), scored(m, shift, distort)
    golden.tables({f'{name}-reference': reference[['y', 'p', 'pred']].to_dict('list'), f'{name}-current': current[['p', 'pred']].to_dict('list')})
    with contextlib.redirect_stdout(io.StringIO()):
        estimator = nml.CBPE(y_true='y', y_pred='pred', y_pred_proba='p', problem_type='classification_binary', metrics=metrics, chunk_size=m).fit(reference)
        found = estimator.estimate(current.drop(columns='y')).filter(period='analysis').to_df()
    for metric in metrics[:-1] + ['true_positive', 'true_negative', 'false_positive', 'false_negative']:
        args = dict(label='y', prediction='pred', score='p', calibration='isotonic' if estimator.needs_calibration else 'none')
        # NannyML rounds what it integrates to five digits: the curves agree to about 1e-8
        golden.case(f'cbpe_{metric}@nannyml', [f'{name}-reference', f'{name}-current'], args, found[(metric, 'value')].iloc[0], tolerance=1e-6 if metric in ('roc_auc', 'average_precision') else None)

m = 400
def predicted(n, shift):
    x, z = rng.normal(shift, 1, n), rng.uniform(0, 4, n)
    d = pd.DataFrame(dict(x=np.round(x, 4), z=np.round(z, 4), pred=np.round(10 + 2 * x + z, 4)))
    return d.assign(y=np.round(d.pred + rng.normal(0, .3 + .5 * np.abs(x), n), 4))

reference, current = predicted(m * 4, 0), predicted(m, .7)
golden.tables({'loss-reference': reference.to_dict('list'), 'loss-current': current.drop(columns='y').to_dict('list')})
for metric in ('mae', 'mse', 'rmse', 'mape', 'msle', 'rmsle'):
    with contextlib.redirect_stdout(io.StringIO()):
        found = nml.DLE(feature_column_names=['x', 'z'], y_true='y', y_pred='pred', metrics=[metric], chunk_size=m).fit(reference).estimate(current.drop(columns='y')).filter(period='analysis').to_df()
    # other trees: the estimate is compared, not the digits
    golden.case(f'dle_{metric}@assay', ['loss-reference', 'loss-current'], dict(label='y', prediction='pred', features=['x', 'z']), found[(metric, 'value')].iloc[0], tolerance=.1)


def several(n, shift):
    a = rng.normal(shift, 1, n)
    d = pd.DataFrame(dict(a=np.round(a, 4), b=np.round(.7 * a + rng.normal(0, .5, n), 4), c=np.round(rng.normal(0, 2, n) - .3 * a, 4), k=rng.choice(list('xyz'), n, p=[.5, .3, .2])))
    d.loc[::17, 'a'] = np.nan
    d.loc[::23, 'k'] = None
    return d


for name, shift in (('moved', .6), ('alike', 0)):
    reference, current = several(600, 0), several(200, shift)
    current.loc[3, 'k'] = 'new'
    golden.tables({f'several-{name}-{side}': {k: [None if x is None or x != x else x for x in v] for k, v in d.to_dict('list').items()} for side, d in (('reference', reference), ('current', current))})
    files = [f'several-{name}-reference', f'several-{name}-current']
    for columns in (['a', 'b', 'c', 'k'], ['a', 'b', 'c']):
        with contextlib.redirect_stdout(io.StringIO()):
            found = nml.DataReconstructionDriftCalculator(column_names=columns, chunk_size=200).fit(reference).calculate(current).filter(period='analysis').to_df()
            classified = nml.DomainClassifierCalculator(feature_column_names=columns, chunk_size=200, hyperparameters=dict(verbose=-1)).fit(reference).calculate(current).filter(period='analysis').to_df()
        golden.case('data_reconstruction@nannyml', files, dict(columns=columns), found[('reconstruction_error', 'value')].iloc[0])
        # other trees, other folds
        golden.case('domain_classifier@assay', files, dict(columns=columns), classified[('domain_classifier_auroc', 'value')].iloc[0], absolute=.05)
golden.write()
