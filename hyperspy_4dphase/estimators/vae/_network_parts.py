"""Layers and steps that the networks of the variational autoencoder share.

This module imports torch: it is imported only where something is trained or encoded.
"""

import torch
from torch import nn

# What the encoder says of its own uncertainty before it has learnt anything, and within
# which bounds it stays. Historical: chosen by trial in 2026, not calibrated.
_FIRST_LOG_VARIANCE = -4.0
_LOG_VARIANCES = (-20, 5)
# By how much the weights of a last layer are made smaller. Historical: chosen by trial
# in 2026, not calibrated.
_LAST_LAYER_SCALE = 0.1


class Brightness(nn.Module):
    """The mean total of the patterns at a latent point, in units of their mean.

    Parameters
    ----------
    latent_dim : int
    """

    def __init__(self, latent_dim):
        super().__init__()
        self.layers = make_perceptron(latent_dim, 1, width=32, depth=1)
        self.register_buffer("typical", torch.ones(()))

    def forward(self, latent):
        """Logarithm of the relative total, shape (n_points,)."""
        return self.layers(latent)[:, 0].clamp(-20, 20)

    def measure_misfit(self, latent, totals):
        """Measure a misfit that is least, on average, for the conditional mean."""
        logarithm = self(latent)
        return logarithm.exp() - logarithm * totals / self.typical


def make_perceptron(n_in, n_out, width=128, depth=3):
    """Make a perceptron that gives little at first.

    Parameters
    ----------
    n_in, n_out : int
    width, depth : int, optional
        Size and number of the hidden layers.

    Returns
    -------
    torch.nn.Sequential
    """
    layers = []
    for n_inputs in (n_in, *[width] * (depth - 1)):
        layers += [nn.Linear(n_inputs, width), nn.SiLU()]
    return nn.Sequential(*layers, shrink(nn.Linear(width, n_out)))


@torch.no_grad()
def shrink(layer):
    """Make a last layer give little at first, so that the linear map leads."""
    layer.weight.mul_(_LAST_LAYER_SCALE)
    layer.bias.zero_()
    return layer


def split_distribution(outputs):
    """Take the outputs of an encoder apart.

    Parameters
    ----------
    outputs : torch.Tensor, shape (n_patterns, 2 * latent_dim)

    Returns
    -------
    mean, log_variance : torch.Tensor, shape (n_patterns, latent_dim)
    """
    mean, log_variance = outputs.chunk(2, dim=1)
    return mean, (log_variance + _FIRST_LOG_VARIANCE).clamp(*_LOG_VARIANCES)


def fix_signs(vectors):
    """Make the largest entry of each column positive: its sign is arbitrary.

    Parameters
    ----------
    vectors : torch.Tensor, shape (n_entries, n_vectors)
    """
    largest = vectors.abs().argmax(dim=0)
    return vectors * vectors[largest, range(vectors.shape[1])].sign()


def make_seeded(make, seed):
    """Make a network whose weights follow from a seed, not from torch's generator.

    Parameters
    ----------
    make : callable
        Without arguments.
    seed : int

    Returns
    -------
    torch.nn.Module
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
