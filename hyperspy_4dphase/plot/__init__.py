"""Figures of results, from plain arrays."""

from hyperspy_4dphase.plot.latent import LatentView, plot_latent
from hyperspy_4dphase.plot.loss import plot_loss
from hyperspy_4dphase.plot.manifold import plot_manifold

__all__ = ["LatentView", "plot_latent", "plot_loss", "plot_manifold"]
