"""Goldens of River 0.26.1: python test/peers/river_metrics.py > test/peers/goldens/river.json"""
import numpy as np, river
from river import drift
from common import Golden

golden = Golden(dict(river=river.__version__, numpy=np.__version__))
rng = np.random.RandomState(11)
streams = {
    'step': np.round(np.r_[rng.normal(0, 1, 500), rng.normal(1.5, 1, 500), rng.normal(-1, .5, 400)], 5),
    'slow': np.round(rng.normal(0, .5, 1500) + np.linspace(0, 3, 1500), 5),
    'still': np.round(rng.uniform(size=900), 5),
    'large': np.round(np.r_[rng.normal(100, 20, 400), rng.normal(160, 20, 300), rng.normal(40, 10, 300)], 3),
}
errors = {
    'rise': np.r_[rng.binomial(1, .1, 600), rng.binomial(1, .35, 400), rng.binomial(1, .1, 300)],
    'flat': rng.binomial(1, .2, 1000),
    'worse': np.r_[rng.binomial(1, .05, 800), rng.binomial(1, .6, 200), rng.binomial(1, .9, 200)],
}
golden.tables({k: dict(x=v.tolist()) for k, v in (streams | errors).items()})


def run(name, detector, table, values, **args):
    found = []
    for i, x in enumerate(values.tolist()):
        detector.update(x)
        if detector.drift_detected:
            found.append(i)
    golden.case(f'{name}@river', [table], dict(column='x', result='count') | args, len(found))
    for which, index in (('first', 0), ('last', -1)):
        golden.case(f'{name}@river', [table], dict(column='x', result=which) | args, found[index] if found else None)


for table, values in streams.items():
    run('adwin', drift.ADWIN(), table, values)
    run('adwin', drift.ADWIN(delta=.05, clock=8), table, values, delta=.05, clock=8)
    for seed in (0, 7, 4_000_000_000):
        run('kswin', drift.KSWIN(seed=seed), table, values, seed=seed)
    run('kswin', drift.KSWIN(alpha=.01, window_size=400, stat_size=20, seed=3), table, values, alpha=.01, window_size=400, stat_size=20, seed=3)
    for mode in ('both', 'up', 'down'):
        run('page_hinkley', drift.PageHinkley(mode=mode), table, values, mode=mode)
        run('page_hinkley', drift.PageHinkley(mode=mode, threshold=10, delta=.1), table, values, mode=mode, threshold=10, delta=.1)
for table, values in errors.items():
    run('ddm', drift.binary.DDM(), table, values)
    run('eddm', drift.binary.EDDM(), table, values)
golden.write()
