"""Which model a training begins with, and what patterns it is given."""

import copy

from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.compression import (
    CompressedPatterns,
    compress_patterns,
)
from hyperspy_4dphase.estimators.vae._compressed_inputs import CompressedInputs
from hyperspy_4dphase.estimators.vae._image_inputs import ImageInputs


def begin_model(estimator, X, random_state, seed):
    """Make the model to train, a new one or a copy of the last.

    Parameters
    ----------
    estimator : PatternVAE
    X : PatternBlocks or CompressedPatterns
    random_state : numpy.random.RandomState
        For the compression.
    seed : int
        For the weights.

    Returns
    -------
    model : Model
    patterns : PatternBlocks or CompressedPatterns
        What it is trained on: the given ones, or their compression.

    Raises
    ------
    ValueError
        If the last model is for other patterns, or patterns have fewer directions than
        latent space has dimensions.
    """
    from hyperspy_4dphase.estimators.vae._model import Model

    if estimator.warm_start and hasattr(estimator, "model_"):
        last = estimator.n_features_in_, estimator.model_.latent_dim
        new = X.shape[1], estimator.latent_dim
        if last != new:
            raise ValueError(
                f"warm_start=True with patterns of {new[0]} pixels and latent_dim="
                f"{new[1]}; the last fit had {last[0]} pixels and {last[1]}."
            )
        return copy.deepcopy(estimator.model_), X
    if estimator.architecture == "compressed":
        X = _compress(estimator, X, random_state)
        inputs = CompressedInputs.from_compression(X, max(X.n_significant, 1))
    else:
        inputs = ImageInputs.from_blocks(X)
    device = resolve_device(estimator.device)
    return Model.create(inputs, estimator.latent_dim, seed, device), X


def _compress(estimator, X, random_state):
    latent_dim = estimator.latent_dim
    if not isinstance(X, CompressedPatterns):
        X = compress_patterns(
            X,
            noise=estimator.noise,
            rank=latent_dim,
            random_state=random_state,
            device=estimator.device,
        )
    if latent_dim > X.rank:
        raise ValueError(
            f"latent_dim={latent_dim}, but the compressed patterns have only {X.rank} "
            f"directions, {X.n_significant} of them above the noise."
        )
    return X
