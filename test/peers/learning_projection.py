"""Goldens of maps and trees: python test/peers/learning_projection.py > test/peers/goldens/learning-projection.json"""
import json, sys
import numpy as np, scipy, sklearn
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.manifold import TSNE

rng = np.random.RandomState(20261122)
n = 60
group = rng.choice(3, n)
x = np.round(rng.normal(0, 1, (n, 4)) + 4 * np.eye(4)[group], 4)
trees = {}
for method in ('single', 'complete', 'average', 'ward'):
    z = linkage(x, method)
    trees[method] = dict(joins=z.tolist(), clusters=fcluster(z, 4, 'maxclust').tolist())
divergences = [float(TSNE(method='exact', init='pca', perplexity=p, random_state=0).fit(x).kl_divergence_) for p in (5, 15)]
json.dump(dict(versions={'scikit-learn': sklearn.__version__, 'scipy': scipy.__version__, 'numpy': np.__version__},
               x=x.tolist(), group=group.tolist(), trees=trees, divergences=dict(zip(('5', '15'), divergences))), sys.stdout)
