"""Figures of results, from plain arrays."""

from hyperspy_4dphase.plot.domains import plot_domains
from hyperspy_4dphase.plot.latent import LatentView, plot_latent
from hyperspy_4dphase.plot.loss import plot_loss
from hyperspy_4dphase.plot.manifold import plot_manifold
from hyperspy_4dphase.plot.split import plot_split
from hyperspy_4dphase.plot.tree import plot_tree

__all__ = [
    "LatentView",
    "plot_domains",
    "plot_latent",
    "plot_loss",
    "plot_manifold",
    "plot_split",
    "plot_tree",
]
