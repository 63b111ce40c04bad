"""Reciprocals of what may be 0."""

import numpy as np


def inverse(values):
    """1 / values, and 0 where values are 0."""
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)
