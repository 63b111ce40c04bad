"""Compressed patterns to factorize."""

from dataclasses import replace

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.nmf._hals import CompressedMatrix

OPTIONS = {"max_iter": 300, "tol": 1e-5}


def compress(X, rank=None, **changes):
    """A CompressedMatrix of the leading directions; without a rank of all."""
    found = compress_patterns(X, rank=rank, random_state=0, device="cpu")
    A = CompressedMatrix.from_compression(found, rank or found.n_significant)
    return replace(A, **changes)
