"""Goldens of aequitas 1.1.0: python test/peers/aequitas_metrics.py > test/peers/goldens/aequitas.json"""
import warnings
warnings.simplefilter('ignore')
import sys, io, contextlib
from importlib.metadata import version
import numpy as np, pandas as pd
from aequitas.group import Group
from aequitas.bias import Bias
from common import Golden, fairness_tables

golden = Golden(dict(aequitas=version('aequitas'), numpy=np.__version__, pandas=pd.__version__))
tables = fairness_tables()
golden.tables(tables)
metrics = ['ppr', 'pprev', 'prev', 'precision', 'fdr', 'for', 'npv', 'fpr', 'fnr', 'tpr', 'tnr', 'accuracy']
for name, t in tables.items():
    f = pd.DataFrame(dict(score=t['prediction'], label_value=t['label'], g=t['g']))
    with contextlib.redirect_stdout(io.StringIO()):
        crosstab, _ = Group().get_crosstabs(f)
    crosstab = crosstab[crosstab.attribute_name == 'g']
    for _, row in crosstab.iterrows():
        for m in metrics:
            golden.case(f'{m}@aequitas', [name], dict(label='label', prediction='prediction', protected='g', group=row.attribute_value), row[m])
    reference = crosstab.attribute_value.iloc[0]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            bias = Bias().get_disparity_predefined_groups(crosstab, original_df=f, ref_groups_dict=dict(g=reference), check_significance=False, mask_significance=False)
        except Exception as error:
            print(name, repr(error), file=sys.stderr)
            continue
    for _, row in bias.iterrows():
        for m in metrics:
            if f'{m}_disparity' in row:
                golden.case(f'{m}_disparity@aequitas', [name], dict(label='label', prediction='prediction', protected='g', group=row.attribute_value, reference=reference), row[f'{m}_disparity'])
golden.write()
