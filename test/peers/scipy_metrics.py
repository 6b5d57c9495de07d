"""Goldens of scipy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0: python test/peers/scipy_metrics.py > test/peers/goldens/scipy.json"""
import warnings, sys
warnings.simplefilter('ignore')
import numpy as np, scipy, statsmodels, sklearn
from scipy import stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.proportion import proportion_confint, confint_proportions_2indep, proportions_ztest
from statsmodels.stats.multitest import multipletests
from common import Golden, drift_tables

golden = Golden(dict(scipy=scipy.__version__, statsmodels=statsmodels.__version__, numpy=np.__version__, sklearn=sklearn.__version__))
tables, names = drift_tables()
golden.tables(tables)
for name in names:
    r, c = tables[f'{name}-reference'], tables[f'{name}-current']
    files = [f'{name}-reference', f'{name}-current']
    for column in r:
        if column == 'cat':
            continue
        a, b = np.array(r[column], float), np.array(c[column], float)
        def both(measure, result, absolute=None, **args):
            for what, value in (('statistic', result[0]), ('pvalue', result[1])):
                golden.case(f'{measure}@scipy', files, dict(column=column, result=what) | args, value, absolute=absolute if what == 'pvalue' else None)
        golden.case('wasserstein_distance@scipy', files, dict(column=column), stats.wasserstein_distance(a, b))
        golden.case('energy_distance@scipy', files, dict(column=column), stats.energy_distance(a, b))
        for method in ('auto', 'asymp'):
            both('ks_2samp', stats.ks_2samp(a, b, method=method), method=method)
        for alternative in ('less', 'greater'):
            for method in ('auto', 'asymp'):
                both('ks_2samp', stats.ks_2samp(a, b, method=method, alternative=alternative), method=method, alternative=alternative)
        for alternative in ('two-sided', 'less', 'greater'):
            both('mannwhitneyu', stats.mannwhitneyu(a, b, alternative=alternative), alternative=alternative)
            both('mannwhitneyu', stats.mannwhitneyu(a, b, method='asymptotic', alternative=alternative), alternative=alternative, method='asymptotic')
        for equal in (True, False):
            both('ttest_ind', stats.ttest_ind(a, b, equal_var=equal), equal_var=equal)
        res = stats.cramervonmises_2samp(a, b, method='asymptotic')
        # scipy stops its series at terms of 1e-7
        both('cramervonmises_2samp', (res.statistic, res.pvalue), absolute=1e-7, method='asymptotic')
        res = stats.cramervonmises_2samp(a, b)
        both('cramervonmises_2samp', (res.statistic, res.pvalue), absolute=1e-7)
        if column != 'constant':
            res = stats.anderson_ksamp([a, b], midrank=True)
            both('anderson_ksamp', (res.statistic, res.pvalue))
        try:
            if column != 'two':
                both('epps_singleton_2samp', stats.epps_singleton_2samp(a, b))
        except Exception as error:
            print(name, column, 'es', repr(error)[:100], file=sys.stderr)
    for column in ('cat', 'few', 'two'):
        if column not in r:
            continue
        values = sorted(set(r[column]) | set(c[column]))
        table = np.array([[list(s[column]).count(v) for v in values] for s in (r, c)])
        for correction in (True, False):
            res = stats.chi2_contingency(table, correction=correction)
            for what, value in (('statistic', res.statistic), ('pvalue', res.pvalue)):
                golden.case('chi2_contingency@scipy', files, dict(column=column, result=what, correction=correction), value)
                golden.case('chi2_contingency@scipy', [], dict(table=table.tolist(), result=what, correction=correction), value)
        golden.case('cramers_v@scipy', files, dict(column=column), stats.contingency.association(table, method='cramer'))
        for lambda_ in ('log-likelihood', 'pearson'):
            for correction in (True, False):
                res = stats.chi2_contingency(table, correction=correction, lambda_=lambda_)
                for what, value in (('statistic', res.statistic), ('pvalue', res.pvalue)):
                    golden.case('chi2_contingency@scipy', files, dict(column=column, result=what, correction=correction, lambda_=lambda_), value)
        if (table > 0).all():
            expected = table[0] / table[0].sum() * table[1].sum()
            for what, index in (('statistic', 0), ('pvalue', 1)):
                golden.case('chisquare@scipy', files, dict(column=column, result=what), stats.chisquare(table[1], expected)[index])
                golden.case('power_divergence@scipy', files, dict(column=column, result=what), stats.power_divergence(table[1], expected, lambda_='log-likelihood')[index])
            for base in (None, 2):
                golden.case('entropy@scipy', files, dict(column=column) | (dict(base=base) if base else {}), stats.entropy(table[0], table[1], base=base))
        p, q = table[0] / table[0].sum(), table[1] / table[1].sum()
        golden.case('jensenshannon@scipy', files, dict(column=column), jensenshannon(p, q))
        golden.case('jensenshannon@scipy', files, dict(column=column, base=2), jensenshannon(p, q, base=2))
rng = np.random.RandomState(12)
for i, (n, m) in enumerate(((5, 9), (8, 30), (7, 7), (20, 14), (19, 20))):
    a, b = np.round(rng.normal(0, 1, n), 6).tolist(), np.round(rng.normal(.8, 1, m), 6).tolist()
    for what in ('statistic', 'pvalue'):
        args = dict(reference=a, current=b, result=what)
        for alternative in ('two-sided', 'less', 'greater'):
            golden.case('mannwhitneyu@scipy', [], args | dict(alternative=alternative), getattr(stats.mannwhitneyu(a, b, alternative=alternative), what))
            golden.case('ks_2samp@scipy', [], args | dict(alternative=alternative), getattr(stats.ks_2samp(a, b, alternative=alternative), what))
        golden.case('cramervonmises_2samp@scipy', [], args, getattr(stats.cramervonmises_2samp(a, b), what))
for t in ([[3, 1], [2, 8]], [[0, 5], [4, 2]], [[10, 20], [30, 40]], [[200, 300], [150, 420]], [[1, 900], [12, 20000]], [[5, 0], [0, 7]], [[3, 0], [2, 0]], [[2500, 7500], [2300, 7900]]):
    for alternative in ('two-sided', 'less', 'greater'):
        golden.case('fisher_exact@scipy', [], dict(table=t, alternative=alternative, result='pvalue'), stats.fisher_exact(t, alternative=alternative)[1])
    (a, b), (c, d) = t
    golden.case('proportions_ztest@statsmodels', [], dict(count1=a, nobs1=a + b, count2=c, nobs2=c + d, result='pvalue'), proportions_ztest([a, c], [a + b, c + d])[1])
    golden.case('proportions_ztest@statsmodels', [], dict(count1=a, nobs1=a + b, count2=c, nobs2=c + d), proportions_ztest([a, c], [a + b, c + d])[0])
for x, n in ((0, 10), (10, 10), (3, 17), (1, 1000), (499, 1000), (99999, 1000000)):
    for method in ('wilson', 'jeffreys', 'beta', 'normal', 'agresti_coull'):
        low, high = proportion_confint(x, n, method=method)
        for end, value in (('low', low), ('high', high)):
            golden.case('proportion_confint@statsmodels', [], dict(count=x, nobs=n, method=method, result=end), value)
for c1, n1, c2, n2 in ((40, 100, 60, 100), (1, 5, 12, 30), (3, 7, 5, 9), (7, 10000, 900, 1000000), (300, 1000, 250, 990)):
    for compare, method, correction in (('diff', 'newcomb', None), ('diff', 'wald', None), ('diff', 'agresti-caffo', None), ('ratio', 'log', None), ('ratio', 'score', True), ('ratio', 'score', False)):
        extra = {} if correction is None else dict(correction=correction)
        low, high = confint_proportions_2indep(c1, n1, c2, n2, compare=compare, method=method, **extra)
        for end, value in (('low', low), ('high', high)):
            golden.case('confint_proportions_2indep@statsmodels', [], dict(count1=c1, nobs1=n1, count2=c2, nobs2=n2, compare=compare, method=method, result=end) | extra, value)
ps = [.001, .04, .03, .2, .5, .0001, .04, .9]
for method in ('bonferroni', 'holm', 'fdr_bh'):
    for i, value in enumerate(multipletests(ps, method=method)[1]):
        golden.case('multipletests@statsmodels', [], dict(pvals=ps, method=method, index=i), value)
golden.write()
