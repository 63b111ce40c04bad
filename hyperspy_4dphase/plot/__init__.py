"""Figures of results, from plain arrays."""

from hyperspy_4dphase.plot.components import plot_components
from hyperspy_4dphase.plot.confidence import plot_confidence, plot_sure_domains
from hyperspy_4dphase.plot.continuum import plot_continuum
from hyperspy_4dphase.plot.domains import plot_domains
from hyperspy_4dphase.plot.doubts import plot_doubts
from hyperspy_4dphase.plot.latent import LatentView, plot_latent
from hyperspy_4dphase.plot.linked import LinkedView, plot_linked
from hyperspy_4dphase.plot.loss import plot_loss
from hyperspy_4dphase.plot.manifold import plot_manifold
from hyperspy_4dphase.plot.patterns import plot_patterns
from hyperspy_4dphase.plot.phases import plot_phases
from hyperspy_4dphase.plot.posterior import plot_posterior
from hyperspy_4dphase.plot.refused import plot_refused
from hyperspy_4dphase.plot.reliability import calibration_error, plot_reliability
from hyperspy_4dphase.plot.rounds import plot_rounds
from hyperspy_4dphase.plot.scree import plot_scree
from hyperspy_4dphase.plot.split import plot_split
from hyperspy_4dphase.plot.steps import plot_steps
from hyperspy_4dphase.plot.summary import plot_phase_summary
from hyperspy_4dphase.plot.tree import plot_tree

__all__ = [
    "LatentView",
    "LinkedView",
    "calibration_error",
    "plot_components",
    "plot_confidence",
    "plot_continuum",
    "plot_domains",
    "plot_doubts",
    "plot_latent",
    "plot_linked",
    "plot_loss",
    "plot_manifold",
    "plot_patterns",
    "plot_phase_summary",
    "plot_phases",
    "plot_posterior",
    "plot_refused",
    "plot_reliability",
    "plot_rounds",
    "plot_scree",
    "plot_split",
    "plot_steps",
    "plot_sure_domains",
    "plot_tree",
]
