"""Network of the variational autoencoder for patterns as images.

This module imports torch: it is imported only where something is trained or encoded.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from hyperspy_4dphase.estimators.vae._network_parts import (
    fix_signs,
    shrink,
    split_distribution,
)

# Images are cut into patches of this side in pixels, and halved twice after that.
_PATCH = 4
_COARSEST = 4 * _PATCH
# Channels are normalized in so many groups, as in most networks with group
# normalization.
_N_GROUPS = 8
# Principal components that reach the dense layers without convolutions. Historical:
# chosen by trial in 2026, not calibrated.
_N_LINEAR = 32
# Principal axes are sought with so many more, in so many rounds. Historical: chosen by
# trial in 2026, not calibrated.
_N_MORE_AXES = 8
_N_AXES_ROUNDS = 8


class ConvolutionalNetwork(nn.Module):
    """Encoder and decoder of diffraction patterns given as counts.

    Only the fractions of a pattern's counts in its pixels are encoded: its total, which
    thickness and beam current change, is taken as known. Convolutions and a linear map,
    which begins at the principal components, lead to the dense layers of the encoder,
    and from those of the decoder. All but the leading components begin small: training
    begins near principal component analysis.

    Parameters
    ----------
    image_shape : tuple of int
        Shape (ny, nx) of the patterns: any, at best with sides of 64 or less.
    latent_dim : int
        Number of latent dimensions.
    width : int, optional
        Channels of the finest layer, a multiple of 8; the next have twice, then four
        times as many. Default is 24.
    n_hidden : int, optional
        Size of the dense layers between the coarsest images and latent space.
        Default is 256.
    """

    def __init__(self, image_shape, latent_dim, *, width=24, n_hidden=256):
        super().__init__()
        self.image_shape = tuple(int(size) for size in image_shape)
        self.n_pixels = math.prod(self.image_shape)
        grid = tuple(-(-size // _COARSEST) for size in self.image_shape)
        self.register_buffer("gain", torch.ones(()))
        self.register_buffer("share", torch.full((self.n_pixels,), 1 / self.n_pixels))
        self.register_buffer("root", torch.zeros(self.n_pixels))
        self.register_buffer("spread", torch.ones(()))
        n_linear = max(latent_dim, min(_N_LINEAR, self.n_pixels // 4))
        self.images_in = _make_images_in(grid, width, n_hidden)
        self.linear_in = nn.Linear(n_linear, n_hidden)
        self.encoder = nn.Sequential(
            *_make_hidden(n_hidden), shrink(nn.Linear(n_hidden, 2 * latent_dim))
        )
        self.first_in = _make_identity(n_linear, latent_dim)
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, n_hidden), *_make_hidden(n_hidden)
        )
        self.images_out = _make_images_out(grid, width, n_hidden)
        self.linear_out = shrink(nn.Linear(n_hidden, n_linear))
        self.first_out = _make_identity(latent_dim, n_linear)
        self.projection = nn.Parameter(torch.zeros(self.n_pixels, n_linear))
        self.axes = nn.Parameter(torch.zeros(n_linear, self.n_pixels))
        self.bias = nn.Parameter(self.share.log())
        self.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def prepare(self, images, gain=None):
        """Begin at the mean and the principal components of these patterns.

        Parameters
        ----------
        images : torch.Tensor, shape (n_patterns, ny, nx) or (n_patterns, n_pixels)
            Counts; a few hundred to a few thousand patterns.
        gain : float, optional
            Counts that one electron gives. By default it is left as it is: 1 in a
            new network.
        """
        if gain is not None:
            self.gain.fill_(gain)
        fractions = self._to_fractions(images)
        # Half an electron more, for pixels that have seen none so far.
        extra = 0.5 * float(self.gain) / max(float(images.double().sum()), 1e-12)
        mean = fractions.mean(dim=0) + min(extra, 1 / self.n_pixels)
        self.share.copy_(mean / mean.sum())
        self.bias.copy_(self.share.log())
        roots = (fractions * self.n_pixels).sqrt()
        self.root.copy_(roots.mean(dim=0))
        self.spread.copy_((roots - self.root).square().mean().sqrt().clamp(min=1e-6))
        points = self._scale_deviations(fractions)
        vectors = _find_principal_axes(points, len(self.axes))
        latent = points @ vectors
        scale = latent.square().mean(dim=0).sqrt().clamp(min=1e-6)
        self.projection.copy_(vectors / scale)
        self.axes.copy_(_find_contrasts(fractions, latent / scale, self.share))

    def encode(self, images):
        """Give each pattern a distribution in latent space.

        Parameters
        ----------
        images : torch.Tensor, shape (n_patterns, ny, nx) or (n_patterns, n_pixels)
            Counts.

        Returns
        -------
        mean, log_variance : torch.Tensor, shape (n_patterns, latent_dim)
        """
        fractions = self._to_fractions(images)
        inputs = ((fractions * self.n_pixels).sqrt() - self.root) / self.spread
        inputs = _pad(inputs.reshape(-1, 1, *self.image_shape))
        linear = self._scale_deviations(fractions) @ self.projection
        hidden = self.images_in(inputs) + self.linear_in(linear)
        mean, log_variance = split_distribution(self.encoder(hidden))
        return mean + self.first_in(linear), log_variance

    def decode(self, latent):
        """Predict the fraction of the counts in each pixel, as a logarithm.

        Parameters
        ----------
        latent : torch.Tensor, shape (n_points, latent_dim)

        Returns
        -------
        torch.Tensor, shape (n_points, n_pixels)
            The exponentials of each row sum to 1.
        """
        ny, nx = self.image_shape
        hidden = self.decoder(latent)
        linear = self.linear_out(hidden) + self.first_out(latent)
        images = self.images_out(hidden)[:, 0]
        top, left = (images.shape[1] - ny) // 2, (images.shape[2] - nx) // 2
        images = images[:, top : top + ny, left : left + nx].reshape(len(latent), -1)
        logits = images + linear @ self.axes + self.bias
        return functional.log_softmax(logits, dim=1)

    def measure_misfit(self, images, decoded):
        """Measure minus the logarithm of the likelihood, less that of a perfect fit.

        Parameters
        ----------
        images : torch.Tensor, shape (n_patterns, ny, nx) or (n_patterns, n_pixels)
            Counts.
        decoded : torch.Tensor, shape (n_patterns, n_pixels)
            What :meth:`decode` gives.

        Returns
        -------
        torch.Tensor, shape (n_patterns,)
            Half the deviance of a multinomial distribution of each pattern's
            electrons: at most about half a unit a pixel where only noise is left.
        """
        electrons = images.reshape(len(images), -1).clamp(min=0) / self.gain
        fractions = self._to_fractions(electrons)
        return (torch.xlogy(electrons, fractions) - electrons * decoded).sum(dim=1)

    def embed(self, decoded):
        """Turn decoded patterns into points whose distances are in units of noise.

        They are right up to one factor.
        """
        return (0.5 * decoded).exp()

    def augment(self, images, generator):
        """Add the noise of one more exposure to patterns."""
        # A random sign has the variance of counts and keeps them from negative values.
        signs = torch.randint(0, 2, images.shape, generator=generator, dtype=torch.int8)
        signs = (2 * signs - 1).to(images.device)
        noise = (images.clamp(min=0) * self.gain).sqrt() * signs
        return (images + noise).clamp(min=0)

    def _to_fractions(self, images):
        images = images.reshape(len(images), -1).clamp(min=0)
        return images / images.sum(dim=1, keepdim=True).clamp(min=1e-12)

    def _scale_deviations(self, fractions):
        """Express deviations from the mean in counting noise, up to one factor."""
        return (fractions - self.share) / self.share.sqrt()


class _Residual(nn.Module):
    """Layers that add to their input."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, inputs):
        return inputs + self.layers(inputs)


def _make_images_in(grid, width, n_hidden):
    return nn.Sequential(
        nn.Conv2d(1, width, _PATCH, stride=_PATCH),
        nn.SiLU(),
        *_make_convolution(width, 2 * width, stride=2),
        _Residual(*_make_convolution(2 * width, 2 * width)),
        *_make_convolution(2 * width, 4 * width, stride=2),
        _Residual(*_make_convolution(4 * width, 4 * width)),
        nn.Flatten(),
        nn.Linear(4 * width * math.prod(grid), n_hidden),
    )


def _make_images_out(grid, width, n_hidden):
    return nn.Sequential(
        nn.Linear(n_hidden, 4 * width * math.prod(grid)),
        nn.Unflatten(1, (4 * width, *grid)),
        _Residual(*_make_convolution(4 * width, 4 * width)),
        nn.Conv2d(4 * width, 8 * width, 1),
        nn.PixelShuffle(2),
        _Residual(*_make_convolution(2 * width, 2 * width)),
        nn.Conv2d(2 * width, 4 * width, 1),
        nn.PixelShuffle(2),
        nn.SiLU(),
        shrink(nn.Conv2d(width, _PATCH**2, 1)),
        nn.PixelShuffle(_PATCH),
    )


def _make_hidden(n_hidden):
    blocks = (_Residual(nn.Linear(n_hidden, n_hidden), nn.SiLU()) for _ in range(2))
    return nn.SiLU(), *blocks


def _make_identity(n_in, n_out):
    """Make a linear map that begins as the identity, cut or filled up with zeros."""
    layer = nn.Linear(n_in, n_out, bias=False)
    nn.init.eye_(layer.weight)
    return layer


def _make_convolution(n_in, n_out, stride=1):
    """Make a convolution, and what follows it.

    Returns
    -------
    list of torch.nn.Module
        Convolution, norm and activation.
    """
    convolution = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
    return convolution, nn.GroupNorm(_N_GROUPS, n_out), nn.SiLU()


def _pad(images):
    """Put zeros around images, so that whole patches cover them."""
    missing = [-size % _COARSEST for size in images.shape[2:]]
    (top, bottom), (left, right) = ((n // 2, n - n // 2) for n in missing)
    images = functional.pad(images, (left, right, top, bottom))
    return images.contiguous(memory_format=torch.channels_last)


def _find_principal_axes(points, n_axes):
    """Find the leading right singular vectors, in columns, by subspace iteration."""
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(points.shape[1], n_axes + _N_MORE_AXES, generator=generator)
    basis = torch.linalg.qr(start.to(points))[0]
    for _ in range(_N_AXES_ROUNDS):
        basis = torch.linalg.qr(points.T @ (points @ basis))[0]
    projected = points @ basis
    vectors = torch.linalg.eigh(projected.T @ projected)[1]
    return fix_signs(basis @ vectors.flip(1)[:, :n_axes])


def _find_contrasts(fractions, latent, mean):
    """Find how the logarithm of fractions changes along each latent coordinate."""
    rows = []
    for coordinate in latent.T:
        upper, lower = coordinate.clamp(min=0), (-coordinate).clamp(min=0)
        one, two = (
            part @ fractions / part.sum().clamp(min=1e-12) for part in (upper, lower)
        )
        # Between the mean patterns on either side, which are about two units apart.
        floor = 0.1 * mean
        rows.append(0.5 * ((one + floor) / (two + floor)).log())
    return torch.stack(rows)
