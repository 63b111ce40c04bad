"""Points and patterns of planted domains."""

import numpy as np

from hyperspy_4dphase.estimators.domains._shapes import Shapes


class UnitNoise(Shapes):
    """Points whose noise is known to be 1."""

    @classmethod
    def of(cls, points):
        n = len(points)
        return cls(np.array(points, dtype=float), np.ones(n), np.ones(n, dtype=bool))

    def noise(self, rows):
        return np.eye(self.points.shape[1])


def crowds(sizes, centers, seed=0, dtype=np.float32):
    """Clouds of unit noise (n, n_features), one behind the other, and their labels."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centers = np.asarray(centers, dtype=float)
    noise = np.random.default_rng(seed).normal(size=(labels.size, centers.shape[1]))
    return (centers[labels] + noise).astype(dtype), labels


def mixtures(n, one, other, seed=0, dtype=np.float32):
    """Points of unit noise anywhere between two centres."""
    rng = np.random.default_rng(seed)
    share = rng.random((n, 1))
    centers = share * np.asarray(one, float) + (1 - share) * np.asarray(other, float)
    return (centers + rng.normal(size=centers.shape)).astype(dtype)


def domain_patterns(n_domains, n_pixels=150, seed=0):
    """Unlike patterns (n_domains, n_pixels) of sum 1."""
    patterns = np.random.default_rng(seed).gamma(0.5, 1, (n_domains, n_pixels)) + 0.05
    return patterns / patterns.sum(axis=1, keepdims=True)


def counted_domains(sizes, dose=2000.0, seed=0, brightness=1.0, n_pixels=150):
    """Counts (n, n_pixels) of domains of given sizes, shuffled, and their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    expected = dose * domain_patterns(len(sizes), n_pixels)[labels]
    counts = rng.poisson(expected * np.reshape(brightness, (-1, 1)))
    return counts.astype(np.uint16), labels
