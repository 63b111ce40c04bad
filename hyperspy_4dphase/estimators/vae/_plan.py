"""How much the variational autoencoder trains, and whether it can."""

from math import ceil, log2, sqrt
from numbers import Integral, Real

import numpy as np

ARCHITECTURES = ("compressed", "convolutional")
# So many steps at the smallest batch; larger ones are less noisy, and need fewer.
_STEPS = {"compressed": 4000, "convolutional": 2000}
_EPOCHS = (5, 300)
_BATCH = {"compressed": (128, 256), "convolutional": (64, 64)}


def check_parameters(estimator):
    """Refuse parameters of the wrong type or out of range.

    Parameters
    ----------
    estimator : PatternVAE

    Raises
    ------
    TypeError, ValueError
    """
    if estimator.architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture={estimator.architecture!r}; expected one of {ARCHITECTURES}."
        )
    for name in ("latent_dim", "epochs", "batch_size"):
        value = getattr(estimator, name)
        if value is None and name != "latent_dim":
            continue
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name}={value!r}; expected an integer.")
        if value < 1:
            raise ValueError(f"{name}={value}; expected at least 1.")
    for name, least in (("beta", "of at least 0"), ("learning_rate", "above 0")):
        value = getattr(estimator, name)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name}={value!r}; expected a number.")
        if not (np.isfinite(value) and (value > 0 or (value == 0 and name == "beta"))):
            raise ValueError(f"{name}={value}; expected a finite number {least}.")
    value = estimator.validation_fraction
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"validation_fraction={value!r}; expected a number.")
    if not 0 < value < 1:
        raise ValueError(
            f"validation_fraction={value}; expected a number between 0 and 1."
        )


def check_images(X):
    """Refuse patterns that are no images.

    Parameters
    ----------
    X : PatternBlocks or CompressedPatterns

    Raises
    ------
    TypeError, ValueError
    """
    shape = getattr(X, "signal_shape", None)
    if shape is None:
        raise TypeError(
            "architecture='convolutional' trains on the patterns themselves, not on "
            f"{type(X).__name__}."
        )
    if len(shape) != 2:
        raise ValueError(
            f"architecture='convolutional' needs patterns that are images; those given "
            f"have the shape {shape}. Give an array (n_patterns, ny, nx)."
        )


def split(estimator, n_patterns, weights):
    """How many patterns are held out, how many trained on, and how many in a batch.

    Parameters
    ----------
    estimator : PatternVAE
    n_patterns : int
    weights : numpy.ndarray, shape (n_patterns,), or None

    Returns
    -------
    n_held_out, n_trained, batch_size : int

    Raises
    ------
    ValueError
        If there are fewer patterns than a batch.
    """
    n = n_patterns if weights is None else int(np.count_nonzero(weights))
    n_held_out = min(max(1, round(estimator.validation_fraction * n)), n - 1)
    n_trained = n - n_held_out
    batch_size = estimator.batch_size
    if batch_size is not None and batch_size > n_trained:
        raise ValueError(
            f"batch_size={batch_size}, but there are only {n_trained} patterns to "
            f"train on ({n_held_out} of {n} are held out)."
        )
    return (
        n_held_out,
        n_trained,
        batch_size or _fitting_batch(n_trained, *_BATCH[estimator.architecture]),
    )


def lengths(estimator, n_steps, batch_size):
    """Most epochs, and after how many without a better loss training ends.

    Parameters
    ----------
    estimator : PatternVAE
    n_steps, batch_size : int
        Batches of an epoch, and patterns of a batch.

    Returns
    -------
    epochs, patience : int
    """
    epochs = estimator.epochs
    if epochs is None:
        least, most = _EPOCHS
        smallest, _ = _BATCH[estimator.architecture]
        total = _STEPS[estimator.architecture] * sqrt(smallest / batch_size)
        wanted = round(total / n_steps)
        epochs = min(max(wanted, least), most)
    return epochs, ceil(epochs / 2)


def _fitting_batch(n_trained, least, most):
    """A power of two, but not more than half of the patterns."""
    wanted = 2 ** round(log2(max(n_trained / 64, 1)))
    return max(1, min(max(least, min(wanted, most)), n_trained // 2))
