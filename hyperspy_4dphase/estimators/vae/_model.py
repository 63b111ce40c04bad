"""A trained autoencoder: what is kept of a training, and can be stored as arrays.

This module imports torch: it is imported only where something is trained or encoded.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from hyperspy_4dphase._threads import torch_threads
from hyperspy_4dphase.estimators.vae._compressed_inputs import CompressedInputs
from hyperspy_4dphase.estimators.vae._compressed_network import CompressedNetwork
from hyperspy_4dphase.estimators.vae._convolutional_network import ConvolutionalNetwork
from hyperspy_4dphase.estimators.vae._image_inputs import ImageInputs
from hyperspy_4dphase.estimators.vae._network_parts import Brightness, make_seeded
from hyperspy_4dphase.estimators.vae._sources import BATCH
from hyperspy_4dphase.estimators.vae._training import (
    compute_divergence,
    evaluate,
    train,
)


class LatentDistributions(NamedTuple):
    """The distributions of patterns in latent space.

    Attributes
    ----------
    mean, log_variance : numpy.ndarray, shape (n_patterns, latent_dim), float32
    """

    mean: np.ndarray
    log_variance: np.ndarray

    def measure_divergence(self):
        """Average the divergence from the prior of each dimension, in nats.

        Returns
        -------
        numpy.ndarray, shape (latent_dim,)
        """
        mean, log_variance = (torch.from_numpy(part).double() for part in self)
        return compute_divergence(mean, log_variance).mean(dim=0).numpy()


class Autoencoder(nn.Module):
    """A network for shapes of patterns, and one for their brightness.

    Parameters
    ----------
    shapes : CompressedNetwork or ConvolutionalNetwork
    latent_dim : int
    """

    def __init__(self, shapes, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.shapes = shapes
        self.brightness = Brightness(latent_dim)
        self.register_buffer("prepared", torch.zeros((), dtype=torch.bool))


class Model:
    """An autoencoder and what it takes to apply it to patterns.

    Parameters
    ----------
    network : Autoencoder
    inputs : CompressedInputs or ImageInputs
        How patterns become inputs of the network, and outputs patterns.
    """

    def __init__(self, network, inputs):
        self.network = network
        self.inputs = inputs

    @classmethod
    def create(cls, inputs, latent_dim, seed, device):
        """Make a network with random weights.

        Parameters
        ----------
        inputs : CompressedInputs or ImageInputs
        latent_dim, seed : int
        device : str or torch.device
        """

        def make():
            if isinstance(inputs, CompressedInputs):
                network = CompressedNetwork(len(inputs.directions), latent_dim)
            else:
                network = ConvolutionalNetwork(inputs.image_shape, latent_dim)
            return Autoencoder(network, latent_dim)

        return cls(make_seeded(make, seed).to(device).eval(), inputs)

    @property
    def latent_dim(self):
        """int: Number of latent dimensions."""
        return self.network.latent_dim

    @property
    def device(self):
        """torch.device: Where it computes."""
        return self.network.brightness.typical.device

    def train(self, X, weights, plan, seed, callback):
        """Train in place; see :func:`train`.

        Parameters
        ----------
        X : PatternBlocks or CompressedPatterns
        weights : numpy.ndarray, shape (n_patterns,), or None
        plan : TrainingPlan
        seed : int
        callback : callable or None

        Returns
        -------
        History
        """
        generator = torch.Generator().manual_seed(seed)
        source = self.inputs.open_source(X, self.device)
        source.divide(weights, plan.n_held_out, plan.batch_size, generator)
        network = self.network
        if not network.prepared:
            sample, totals = source.sample(self.inputs.n_sampled)
            network.shapes.prepare(sample, self.inputs.measure_gain(X, sample))
            network.brightness.typical.fill_(max(float(totals.mean()), 1e-30))
            network.prepared.fill_(True)
        n_flattened = self.inputs.n_flattened
        with self._threads():
            return train(network, source, plan, n_flattened, generator, callback)

    def encode(self, X):
        """Give each pattern its distribution in latent space.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns, (n_patterns, n_pixels)

        Returns
        -------
        LatentDistributions
        """
        with self._threads():
            return LatentDistributions(*self.inputs.encode(X, self._encode))

    def decode(self, latent):
        """Give each latent point its pattern, in data units.

        Parameters
        ----------
        latent : numpy.ndarray, shape (n_points, latent_dim)

        Returns
        -------
        numpy.ndarray, shape (n_points, n_pixels), float32
        """
        brightness = self.network.brightness
        latent = torch.from_numpy(np.ascontiguousarray(latent, dtype=np.float32))
        patterns = []
        with torch.no_grad(), self._threads():
            for part in latent.to(self.device).split(BATCH):
                decoded = self.network.shapes.decode(part)
                totals = brightness(part).exp() * brightness.typical
                fractions = self.inputs.to_fractions(decoded.cpu().numpy())
                patterns.append(fractions * totals.cpu().numpy()[:, None])
        return np.concatenate(patterns)

    def score(self, X):
        """Compute the mean evidence lower bound of patterns; see :func:`evaluate`."""
        with self._threads():
            batches = self.inputs.open_source(X, self.device).all()
            return -evaluate(self.network, batches)

    def to_arrays(self):
        """Put all that is to be stored in one dict of arrays and numbers."""
        arrays = {f"inputs.{k}": v for k, v in vars(self.inputs).items()}
        for name, tensor in self.network.state_dict().items():
            arrays[f"network.{name}"] = tensor.cpu().numpy()
        return arrays | {"latent_dim": int(self.latent_dim)}

    @classmethod
    def from_arrays(cls, arrays, device="cpu"):
        """Make a model again from what :meth:`to_arrays` gave.

        Parameters
        ----------
        arrays : dict
        device : str or torch.device, optional
        """
        inputs, state = (
            {k.removeprefix(kind): v for k, v in arrays.items() if k.startswith(kind)}
            for kind in ("inputs.", "network.")
        )
        kind = CompressedInputs if "directions" in inputs else ImageInputs
        model = cls.create(kind(**inputs), int(arrays["latent_dim"]), 0, device)
        state = {k: torch.from_numpy(np.array(v)) for k, v in state.items()}
        model.network.load_state_dict(state)
        return model

    def _threads(self):
        """Use one thread for compressed patterns: more of them were slower."""
        compressed = isinstance(self.inputs, CompressedInputs)
        return torch_threads(1 if compressed else None)

    def _encode(self, inputs):
        """Latent means and log variances of inputs of the network, as arrays."""
        with torch.no_grad():
            parts = [
                self.network.shapes.encode(part.to(self.device))
                for part in torch.from_numpy(inputs).split(BATCH)
            ]
        return tuple(torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True))
