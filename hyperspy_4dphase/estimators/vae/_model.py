"""A trained autoencoder: what is kept of a training, and can be stored as arrays.

This module imports torch: it is imported only where something is trained or encoded.
"""

import copy

import numpy as np
import torch

from hyperspy_4dphase.estimators.vae._compressed_inputs import BATCH, CompressedInputs
from hyperspy_4dphase.estimators.vae._compressed_network import (
    Autoencoder,
    CompressedNetwork,
    seeded,
)
from hyperspy_4dphase.estimators.vae._image_inputs import ImageInputs
from hyperspy_4dphase.estimators.vae._training import divergence, evaluate, train


class Model:
    """An autoencoder and what it takes to apply it to patterns.

    Parameters
    ----------
    network : Autoencoder
    inputs : CompressedInputs
        How patterns become inputs of the network, and outputs patterns.
    """

    def __init__(self, network, inputs):
        self.network = network
        self.inputs = inputs

    @classmethod
    def untrained(cls, inputs, latent_dim, seed, device):
        """A network with random weights.

        Parameters
        ----------
        inputs : CompressedInputs
        latent_dim, seed : int
        device : str or torch.device
        """

        def make():
            return Autoencoder(_shapes(inputs, latent_dim), latent_dim)

        return cls(seeded(make, seed).to(device).eval(), inputs)

    @property
    def latent_dim(self):
        """int: Number of latent dimensions."""
        return self.network.latent_dim

    @property
    def device(self):
        """torch.device: Where it computes."""
        return self.network.brightness.typical.device

    def copy(self):
        """The same with weights of its own."""
        return Model(copy.deepcopy(self.network), self.inputs)

    def train(self, X, weights, n_held_out, batch_size, schedule, seed, callback):
        """Train in place; see :func:`train`.

        Parameters
        ----------
        X : PatternBlocks or CompressedPatterns
        weights : numpy.ndarray, shape (n_patterns,), or None
        n_held_out, batch_size : int
        schedule : Schedule
        seed : int
        callback : callable or None

        Returns
        -------
        History
        """
        generator = torch.Generator().manual_seed(seed)
        source = self.inputs.source(X, self.device)
        source.divide(weights, n_held_out, batch_size, generator)
        network = self.network
        if not network.prepared:
            sample, totals = source.sample(self.inputs.n_sampled)
            network.shapes.prepare(sample, **self.inputs.known(X, sample))
            network.brightness.typical.fill_(max(float(totals.mean()), 1e-30))
            network.prepared.fill_(True)
        return train(network, source, schedule, generator, callback)

    def encode(self, X):
        """Latent means and log variances.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns, (n_patterns, n_pixels)

        Returns
        -------
        mean, log_variance : numpy.ndarray, shape (n_patterns, latent_dim), float32
        """
        return self.inputs.encode(X, self._encode)

    def decode(self, latent):
        """Patterns of latent points, in data units.

        Parameters
        ----------
        latent : numpy.ndarray, shape (n_points, latent_dim)

        Returns
        -------
        numpy.ndarray, shape (n_points, n_pixels), float32
        """
        patterns = []
        for part in self._tensor(latent).split(BATCH):
            with torch.no_grad():
                decoded = self.network.shapes.decode(part)
                totals = self.network.brightness(part).exp()
                totals = totals * self.network.brightness.typical
            shares = self.inputs.shares(decoded.cpu().numpy())
            patterns.append(shares * totals.cpu().numpy()[:, None])
        return np.concatenate(patterns)

    def score(self, X):
        """Mean evidence lower bound of patterns; see :func:`evaluate`."""
        return -evaluate(self.network, self.inputs.source(X, self.device).all())

    def to_arrays(self):
        """Everything as one dict of arrays, numbers and strings."""
        arrays = {f"inputs.{k}": v for k, v in vars(self.inputs).items()}
        for name, tensor in self.network.state_dict().items():
            arrays[f"network.{name}"] = tensor.cpu().numpy()
        return arrays | {"latent_dim": self.latent_dim}

    @classmethod
    def from_arrays(cls, arrays, device="cpu"):
        """The inverse of :meth:`to_arrays`.

        Parameters
        ----------
        arrays : dict
        device : str or torch.device, optional
        """
        inputs, state = {}, {}
        for name, value in arrays.items():
            kind, _, rest = name.partition(".")
            if kind == "inputs":
                inputs[rest] = value
            elif kind == "network":
                state[rest] = torch.from_numpy(np.array(value))
        kind = CompressedInputs if "directions" in inputs else ImageInputs
        inputs = kind(**inputs)
        model = cls.untrained(inputs, int(arrays["latent_dim"]), 0, device)
        model.network.load_state_dict(state)
        model.network.eval()
        return model

    def _encode(self, inputs):
        """Latent means and log variances of inputs of the network, as arrays."""
        means, log_variances = [], []
        with torch.no_grad():
            for part in torch.from_numpy(inputs).split(BATCH):
                mean, log_variance = self.network.shapes.encode(part.to(self.device))
                means.append(mean.cpu().numpy())
                log_variances.append(log_variance.cpu().numpy())
        return np.concatenate(means), np.concatenate(log_variances)

    def _tensor(self, values):
        values = np.ascontiguousarray(values, dtype=np.float32)
        return torch.from_numpy(values).to(self.device)


def mean_divergence(mean, log_variance):
    """Mean divergence from the prior of each dimension, in nats."""
    mean, log_variance = (torch.from_numpy(x).double() for x in (mean, log_variance))
    return divergence(mean, log_variance).mean(dim=0).numpy()


def _shapes(inputs, latent_dim):
    if isinstance(inputs, CompressedInputs):
        return CompressedNetwork(len(inputs.directions), latent_dim)
    from hyperspy_4dphase.estimators.vae._convolutional_network import (
        ConvolutionalNetwork,
    )

    return ConvolutionalNetwork(inputs.image_shape, latent_dim)
