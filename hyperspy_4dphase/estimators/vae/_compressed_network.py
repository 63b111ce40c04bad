"""Networks of the variational autoencoder for compressed patterns.

This module imports torch: it is imported only where something is trained or encoded.
"""

import torch
from torch import nn

# What the encoder says of its own uncertainty before it has learnt anything.
_FIRST_LOG_VARIANCE = -4.0


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
    width, depth : int, optional
        Size and number of the hidden layers of each half.
    """

    def __init__(self, n_directions, latent_dim, width=128, depth=3):
        super().__init__()
        self.n_directions, self.latent_dim = n_directions, latent_dim
        self.register_buffer("mean", torch.zeros(n_directions))
        self.register_buffer("scale", torch.ones(n_directions))
        self.encoder = _perceptron(n_directions, 2 * latent_dim, width, depth)
        self.decoder = _perceptron(latent_dim, n_directions, width, depth)
        self.projection = nn.Parameter(torch.zeros(n_directions, latent_dim))
        self.axes = nn.Parameter(torch.zeros(latent_dim, n_directions))

    @torch.no_grad()
    def prepare(self, points):
        """Begin at the principal components of these patterns.

        Parameters
        ----------
        points : torch.Tensor, shape (n_patterns, n_directions)
        """
        directions = _directions(points).double()
        mean = directions.mean(dim=0)
        scale = directions.std(dim=0, correction=0)
        scale = scale.clamp(min=1e-6 * float(scale.max()) + 1e-12)
        covariance = torch.cov((directions - mean).T, correction=0)
        values, vectors = torch.linalg.eigh(covariance.reshape(2 * (len(mean),)))
        n = min(self.latent_dim, len(mean))
        vectors = vectors[:, -n:].flip(1)
        # The sign of an eigenvector is arbitrary: the largest entry is positive.
        largest = vectors.abs().argmax(dim=0)
        vectors = vectors * vectors[largest, range(n)].sign()
        spread = values[-n:].flip(0).clamp(min=1e-24).sqrt()
        self.mean.copy_(mean)
        self.scale.copy_(scale)
        self.projection[:, :n].copy_(scale[:, None] * vectors / spread)
        self.axes[:n].copy_((vectors * spread).T / scale)

    def encode(self, points):
        """Mean and log variance, each (n_patterns, latent_dim), of the latent points.

        Parameters
        ----------
        points : torch.Tensor, shape (n_patterns, n_directions)
        """
        inputs = (_directions(points) - self.mean) / self.scale
        mean, log_variance = self.encoder(inputs).chunk(2, dim=1)
        mean = mean + inputs @ self.projection
        return mean, (log_variance + _FIRST_LOG_VARIANCE).clamp(-20, 5)

    def decode(self, latent):
        """Coordinates, up to a factor, of latent points.

        Parameters
        ----------
        latent : torch.Tensor, shape (n_points, latent_dim)
        """
        outputs = self.decoder(latent) + latent @ self.axes
        return outputs * self.scale + self.mean

    def misfit(self, points, decoded):
        """Minus the logarithm of the likelihood, less that of a perfect fit.

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
        """Points whose distances say how different decoded patterns are."""
        return _directions(decoded)

    def augment(self, points, generator):
        """The same patterns with the noise of one more exposure."""
        return points + _normal(points, generator)


class Brightness(nn.Module):
    """The mean total of the patterns at a latent point, in units of their mean.

    Parameters
    ----------
    latent_dim : int
    """

    def __init__(self, latent_dim):
        super().__init__()
        self.layers = _perceptron(latent_dim, 1, 32, 1)
        self.register_buffer("typical", torch.ones(()))

    def forward(self, latent):
        """Logarithm of the relative total, shape (n_points,)."""
        return self.layers(latent)[:, 0].clamp(-20, 20)

    def misfit(self, latent, totals):
        """Is least, on average, where the exponential is the conditional mean."""
        logarithm = self(latent)
        return logarithm.exp() - logarithm * totals / self.typical


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


def seeded(make, seed):
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


def _perceptron(n_in, n_out, width, depth):
    layers = []
    for n_inputs in (n_in, *[width] * (depth - 1)):
        layers += [nn.Linear(n_inputs, width), nn.SiLU()]
    last = nn.Linear(width, n_out)
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.zero_()
    return nn.Sequential(*layers, last)


def _directions(points):
    return points / torch.linalg.vector_norm(points, dim=1, keepdim=True).clamp(
        min=1e-6
    )


def _normal(like, generator):
    # Drawn on the processor, so that a seed means the same on every device.
    return torch.randn(like.shape, generator=generator).to(like.device)
