"""Goldens of smclarify 0.5: python test/peers/smclarify_metrics.py > test/peers/goldens/smclarify.json"""
import warnings, sys
warnings.simplefilter('ignore')
from importlib.metadata import version
import numpy as np, pandas as pd
import smclarify.bias.metrics as sm
from common import Golden, fairness_tables

golden = Golden(dict(smclarify=version('smclarify'), numpy=np.__version__, pandas=pd.__version__))
tables = fairness_tables()
golden.tables(tables)
for name, t in tables.items():
    f = pd.DataFrame(t)
    for value in sorted(set(f.g))[:2]:
        facet = f.g != value  # the sensitive (disadvantaged) facet
        label, guess = f.label == 1, f.prediction == 1
        args = dict(label='label', prediction='prediction', privileged=f'g={value}')
        def case(m, own, call):
            try:
                result = call()
            except Exception as error:
                print(name, value, m, repr(error), file=sys.stderr)
                return
            golden.case(f'{m}@smclarify', [name], own, result)
        both = (f.g, facet, label, guess)
        call = {
            'ci': lambda: sm.CI(f.g, facet), 'dpl': lambda: sm.DPL(f.g, facet, label), 'dppl': lambda: sm.DPPL(f.g, facet, guess), 'di': lambda: sm.DI(f.g, facet, guess),
            'dca': lambda: sm.DCA(*both), 'dcr': lambda: sm.DCR(*both), 'rd': lambda: sm.RD(*both), 'sd': lambda: sm.SD(*both), 'dar': lambda: sm.DAR(*both),
            'drr': lambda: sm.DRR(*both), 'ad': lambda: sm.AD(*both), 'te': lambda: sm.TE(*both),
            'kl': lambda: sm.KL(f.label, facet), 'js': lambda: sm.JS(f.label, facet), 'lp': lambda: sm.LP(f.label, facet), 'tvd': lambda: sm.TVD(f.label, facet), 'ks': lambda: sm.KS(f.label, facet),
        }
        for m, run in call.items():
            own = {k: v for k, v in args.items() if not (m in ('kl', 'js', 'lp', 'tvd', 'ks', 'ci', 'dpl') and k == 'prediction')}
            case(m, own, run)
        case('cddl', dict(label='label', privileged=f'g={value}', control='k'), lambda: sm.CDDL(f.g, facet, label, f.k))
        case('cddpl', dict(prediction='prediction', privileged=f'g={value}', control='k'), lambda: sm.CDDPL(f.g, facet, guess, f.k))
        case('ge', dict(label='label', prediction='prediction'), lambda: sm.GE(label, guess))
golden.write()
