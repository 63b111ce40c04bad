"""K-means where some points may be equal."""

import warnings

from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning


def k_means(points, n_clusters, random_state, *, n_init=1, max_iter=30):
    """scikit-learn's k-means, quiet about fewer distinct points than clusters.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    n_clusters : int
    random_state : numpy.random.RandomState
    n_init, max_iter : int, optional

    Returns
    -------
    sklearn.cluster.KMeans
        Fitted.
    """
    seed = random_state.randint(2**31 - 1)
    model = KMeans(n_clusters, n_init=n_init, max_iter=max_iter, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(points)


def sampled(points, n, random_state):
    """At most n of the points, drawn without replacement."""
    if len(points) <= n:
        return points
    return points[random_state.choice(len(points), n, replace=False)]
