"""How much the variational autoencoder trains, and whether it can."""

from math import ceil, log2, sqrt
from typing import NamedTuple

import numpy as np

ARCHITECTURES = ("compressed", "convolutional")
# So many steps at the smallest batch; larger ones are less noisy, and need fewer.
# Historical: chosen by trial in 2026, not calibrated.
_N_STEPS = {"compressed": 4000, "convolutional": 2000}
# Fewest and most epochs. Historical: chosen by trial in 2026, not calibrated.
_N_EPOCHS = (5, 300)
# Fewest and most patterns of a batch. Historical: chosen by trial in 2026, not
# calibrated.
_BATCH_SIZES = {"compressed": (128, 256), "convolutional": (64, 64)}
# Batches of an epoch where there are many patterns. Historical: chosen by trial in
# 2026, not calibrated.
_N_BATCHES = 64


class TrainingPlan(NamedTuple):
    """What is done in a training.

    Attributes
    ----------
    n_held_out : int
        Patterns that are not trained on.
    batch_size : int
    epochs : int
        At most so many.
    patience : int
        Epochs without a better held-out loss after which it stops.
    learning_rate : float
        The largest: it rises to this and falls again.
    beta : float
        Weight of the divergence from the prior.
    """

    n_held_out: int
    batch_size: int
    epochs: int
    patience: int
    learning_rate: float
    beta: float


def plan_training(estimator, n_patterns, n_pixels, weights=None):
    """Plan how an autoencoder trains, and refuse what it cannot train on.

    Parameters
    ----------
    estimator : PatternVAE
        With parameters that are checked (:meth:`PatternVAE.check_parameters`).
    n_patterns, n_pixels : int
    weights : numpy.ndarray, shape (n_patterns,), optional

    Returns
    -------
    TrainingPlan

    Raises
    ------
    ValueError
        If there are fewer than two patterns, fewer to train on than `batch_size`, or
        fewer patterns or pixels than `latent_dim`.
    """
    if n_patterns < 2:
        raise ValueError(
            f"There is {n_patterns} pattern that is not masked; at least 2 are needed."
        )
    rank = min(n_patterns, n_pixels)
    if estimator.latent_dim > rank:
        raise ValueError(
            f"latent_dim={estimator.latent_dim}, but {n_patterns} patterns of "
            f"{n_pixels} pixels have a rank of {rank} at most."
        )
    n = n_patterns if weights is None else int(np.count_nonzero(weights))
    n_held_out = min(max(1, round(estimator.validation_fraction * n)), n - 1)
    n_trained = n - n_held_out
    batch_size = estimator.batch_size or _choose_batch_size(estimator, n_trained)
    if batch_size > n_trained:
        raise ValueError(
            f"batch_size={batch_size}, but there are only {n_trained} patterns to "
            f"train on ({n_held_out} of {n} are held out)."
        )
    epochs = estimator.epochs or _choose_epochs(estimator, n_trained, batch_size)
    return TrainingPlan(
        n_held_out,
        int(batch_size),
        int(epochs),
        ceil(epochs / 2),
        float(estimator.learning_rate),
        float(estimator.beta),
    )


def check_images(X):
    """Refuse patterns that are no images.

    Parameters
    ----------
    X : PatternBlocks or CompressedPatterns

    Raises
    ------
    ValueError
    """
    shape = getattr(X, "signal_shape", (X.shape[1],))
    if len(shape) != 2:
        raise ValueError(
            f"architecture='convolutional' needs patterns that are images; those given "
            f"({type(X).__name__}) have the shape {shape}. Give the patterns "
            "themselves, as an array (n_patterns, ny, nx)."
        )


def check_sample_weight(sample_weight, n_patterns):
    """Refuse weights that are none.

    Parameters
    ----------
    sample_weight : array_like, shape (n_patterns,), or None
    n_patterns : int

    Returns
    -------
    numpy.ndarray of float, shape (n_patterns,), or None

    Raises
    ------
    ValueError
        If there is not one finite, non-negative number for each pattern, or only one
        is above 0.
    """
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight)
    if weights.shape != (n_patterns,) or weights.dtype.kind not in "buif":
        raise ValueError(
            f"sample_weight of shape {weights.shape} and type {weights.dtype} was "
            f"given; expected a real number for each of {n_patterns} patterns."
        )
    weights = weights.astype(np.float64)
    n_bad = n_patterns - np.count_nonzero(np.isfinite(weights) & (weights >= 0))
    if n_bad:
        raise ValueError(
            f"sample_weight has {n_bad} values that are negative or not finite."
        )
    if np.count_nonzero(weights) < 2:
        raise ValueError(
            "sample_weight is zero for all but fewer than 2 patterns; at least 2 are "
            "needed."
        )
    return weights


def _choose_batch_size(estimator, n_trained):
    """Choose a power of two, but not more than half of the patterns."""
    low, high = _BATCH_SIZES[estimator.architecture]
    wanted = 2 ** round(log2(max(n_trained / _N_BATCHES, 1)))
    return max(1, min(max(low, min(wanted, high)), n_trained // 2))


def _choose_epochs(estimator, n_trained, batch_size):
    smallest, _ = _BATCH_SIZES[estimator.architecture]
    n_steps = _N_STEPS[estimator.architecture] * sqrt(smallest / batch_size)
    low, high = _N_EPOCHS
    return min(max(round(n_steps / (n_trained // batch_size)), low), high)
