"""Who factorizes a scan, each in the same few lines: convert, run, give maps back."""

from collections import namedtuple

import numpy as np

from hyperspy_4dphase import compress

Contender = namedtuple("Contender", "label lazy function")
"""``function(signal, n_components, scaling)`` returns the function to be timed, which
returns maps (n_patterns, k) and patterns (k, n_pixels) in units of the data."""

# What others are held against: a sum of the scan, and one pass over it.
SUM, PASS = "sum", "pass"
OURS = ("rnmf", "rnmf-lazy", "compress")
# No factorizations: there is nothing to score.
UNSCORED = (SUM, PASS, "compress")
# Columns of the product of one pass, and values that are cast at a time.
_N_COLUMNS, _BLOCK_VALUES = 32, 2**24


def _rnmf(signal, n_components, scaling):
    def run():
        signal.decomposition_rnmf(
            n_components, random_state=0, print_info=False, show_progressbar=False
        )
        return _learnt(signal)

    return run


def _sum(signal, n_components, scaling):
    return lambda: signal.sum().compute(show_progressbar=False)


def _pass(signal, n_components, scaling):
    """Cast, and multiply with a few columns, block by block."""
    X = signal.data.reshape(len(scaling[0]), -1)
    columns = np.random.default_rng(0).standard_normal((X.shape[1], _N_COLUMNS))
    columns = columns.astype(np.float32)
    n_rows = max(1, _BLOCK_VALUES // X.shape[1])

    def run():
        for start in range(0, len(X), n_rows):
            X[start : start + n_rows].astype(np.float32) @ columns

    return run


def _compress(signal, n_components, scaling):
    options = {"random_state": 0, "print_info": False, "show_progressbar": False}
    return lambda: compress(signal, squares=False, **options)


def _nmf(signal, n_components, scaling):
    from sklearn.decomposition import NMF

    estimator = NMF(n_components, solver="cd", max_iter=200, tol=0, random_state=0)
    return _scaled(estimator, signal, scaling)


def _minibatch_nmf(signal, n_components, scaling):
    from sklearn.decomposition import MiniBatchNMF

    return _scaled(MiniBatchNMF(n_components, random_state=0), signal, scaling)


def _scaled(estimator, signal, scaling):
    row_scale, column_scale = (scale.astype(np.float32) for scale in scaling)
    X = signal.data.reshape(len(row_scale), -1).astype(np.float32)
    X *= row_scale[:, np.newaxis]
    X *= column_scale

    def run():
        W = estimator.fit_transform(X)
        return (
            W * _inverse(row_scale)[:, np.newaxis],
            estimator.components_ * _inverse(column_scale),
        )

    return run


def _hyperspy_nmf(signal, n_components, scaling):
    return _hyperspy(signal, n_components, "NMF")


def _hyperspy_ornmf(signal, n_components, scaling):
    return _hyperspy(signal, n_components, "ORNMF")


def _hyperspy(signal, n_components, algorithm):
    # Integers are refused; single precision is half of what HyperSpy advises.
    signal.change_dtype("float32")

    def run():
        signal.decomposition(
            normalize_poissonian_noise=True,
            algorithm=algorithm,
            output_dimension=n_components,
            print_info=False,
            random_state=0,
        )
        return _learnt(signal)

    return run


def _learnt(signal):
    results = signal.learning_results
    return np.asarray(results.loadings), np.asarray(results.factors).T


def _inverse(scale):
    return np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)


CONTENDERS = {
    "rnmf": Contender("decomposition_rnmf", False, _rnmf),
    "sklearn-nmf": Contender("scikit-learn NMF", False, _nmf),
    "sklearn-minibatch": Contender("scikit-learn MiniBatchNMF", False, _minibatch_nmf),
    "hyperspy-nmf": Contender("HyperSpy NMF", False, _hyperspy_nmf),
    "rnmf-lazy": Contender("decomposition_rnmf", True, _rnmf),
    "hyperspy-ornmf": Contender("HyperSpy ORNMF", True, _hyperspy_ornmf),
    SUM: Contender("s.sum()", True, _sum),
    PASS: Contender("one cast and product, 32 columns", False, _pass),
    "compress": Contender("compress", False, _compress),
}
