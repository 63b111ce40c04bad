"""Networks of the variational autoencoder for compressed patterns.

This module imports torch: it is imported only where something is trained or encoded.
"""

import torch
from torch import nn
from torch.nn.functional import normalize

from hyperspy_4dphase.estimators.vae._network_parts import (
    fix_signs,
    make_perceptron,
    split_distribution,
)

# Of a pattern, in units of noise: an empty one has no direction.
_MIN_LENGTH = 1e-6


class CompressedNetwork(nn.Module):
    """Encoder and decoder of patterns given by their coordinates in a compressed scan.

    Noise in the coordinates is white with unit variance. Only the direction of a
    pattern is encoded: its length, which tells brightness, is the most likely one for
    any direction (the profile likelihood), so thickness and beam current do not enter.
    Both halves are a linear map, which begins as the principal components, plus a
    perceptron, which begins small: training begins at principal component analysis.

    Parameters
    ----------
    n_directions : int
        Number of coordinates.
    latent_dim : int
        Number of latent dimensions.
    """

    def __init__(self, n_directions, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.register_buffer("mean", torch.zeros(n_directions))
        self.register_buffer("scale", torch.ones(n_directions))
        self.encoder = make_perceptron(n_directions, 2 * latent_dim)
        self.decoder = make_perceptron(latent_dim, n_directions)
        self.projection = nn.Parameter(torch.zeros(n_directions, latent_dim))
        self.axes = nn.Parameter(torch.zeros(latent_dim, n_directions))

    @torch.no_grad()
    def prepare(self, points, gain=None):
        """Begin at the principal components of these patterns.

        Parameters
        ----------
        points : torch.Tensor, shape (n_patterns, n_directions)
        gain : None, optional
            Not needed: the points are in units of noise.
        """
        directions = normalize(points, eps=_MIN_LENGTH).double()
        mean = directions.mean(dim=0)
        scale = directions.std(dim=0, correction=0)
        scale = scale.clamp(min=1e-6 * float(scale.max()) + 1e-12)
        covariance = torch.cov((directions - mean).T, correction=0)
        values, vectors = torch.linalg.eigh(covariance.reshape(2 * (len(mean),)))
        n = min(self.latent_dim, len(mean))
        vectors = fix_signs(vectors[:, -n:].flip(1))
        spread = values[-n:].flip(0).clamp(min=1e-24).sqrt()
        self.mean.copy_(mean)
        self.scale.copy_(scale)
        self.projection[:, :n].copy_(scale[:, None] * vectors / spread)
        self.axes[:n].copy_((vectors * spread).T / scale)

    def encode(self, points):
        """Give each pattern a distribution in latent space.

        Parameters
        ----------
        points : torch.Tensor, shape (n_patterns, n_directions)

        Returns
        -------
        mean, log_variance : torch.Tensor, shape (n_patterns, latent_dim)
        """
        inputs = (normalize(points, eps=_MIN_LENGTH) - self.mean) / self.scale
        mean, log_variance = split_distribution(self.encoder(inputs))
        return mean + inputs @ self.projection, log_variance

    def decode(self, latent):
        """Give each latent point the coordinates of a pattern, up to a factor.

        Parameters
        ----------
        latent : torch.Tensor, shape (n_points, latent_dim)

        Returns
        -------
        torch.Tensor, shape (n_points, n_directions)
        """
        outputs = self.decoder(latent) + latent @ self.axes
        return outputs * self.scale + self.mean

    def measure_misfit(self, points, decoded):
        """Measure minus the logarithm of the likelihood, less that of a perfect fit.

        Parameters
        ----------
        points, decoded : torch.Tensor, shape (n_patterns, n_directions)

        Returns
        -------
        torch.Tensor, shape (n_patterns,)
            Half the squared distance of a pattern from the line through the origin
            that the decoded point spans.
        """
        along = (points * decoded).sum(dim=1).clamp(min=0)
        explained = along.square() / decoded.square().sum(dim=1).clamp(min=1e-12)
        return 0.5 * (points.square().sum(dim=1) - explained)

    def embed(self, decoded):
        """Turn decoded patterns into points whose distances say how they differ."""
        return normalize(decoded, eps=_MIN_LENGTH)

    def augment(self, points, generator):
        """Add the noise of one more exposure to patterns."""
        # Drawn on the processor, so that a seed means the same on every device.
        noise = torch.randn(points.shape, generator=generator)
        return points + noise.to(points.device)
