"""Non-negative matrix factorization of compressed patterns."""

from hyperspy_4dphase.estimators.nmf._rnmf import RandomizedNMF

__all__ = ["RandomizedNMF"]
