"""What is known about a simulated scan."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class ScanTruth:
    """The truth behind a simulated scan.

    Attributes
    ----------
    abundance : numpy.ndarray of shape (ny, nx, n_components)
        Non-negative weights of the patterns at each probe position. Their sum is the
        position's brightness, 1 on average over the scan.
    patterns : numpy.ndarray of shape (n_components, nky, nkx)
        Patterns of the components, each of sum 1.
    dose : float
        Mean electrons per pattern. The counts expected are
        ``dose * abundance @ patterns``, pixel by pixel, where the beam does not move
        (``beam_shift`` is None), the sample does not bend (``"tilt"`` is not in
        ``maps``) and no pixel is hot or dead.
    component_names : tuple of str
        Name of each component.
    domain : numpy.ndarray of shape (ny, nx)
        int32: the component with the largest weight. Every component is a domain.
    phase : numpy.ndarray of shape (ny, nx)
        int32: the structure of that component, an index into ``phase_names``.
    phase_names : tuple of str
        Name of each structure.
    component_phase : numpy.ndarray of shape (n_components,)
        int32: the structure of each component.
    mixedness : numpy.ndarray of shape (ny, nx)
        1 minus the largest share of a component: 0 is pure.
    beam_shift : numpy.ndarray of shape (ny, nx, 2), optional
        Shift (rows, columns) of the pattern in pixels, or None.
    hot_pixels, dead_pixels : numpy.ndarray of shape (n, 2)
        Rows and columns of the pixels that count too much or nothing.
    maps : dict of str to numpy.ndarray
        Further maps of a scene, such as its thickness or tilt.
    """

    abundance: np.ndarray
    patterns: np.ndarray
    dose: float
    component_names: tuple
    domain: np.ndarray
    phase: np.ndarray
    phase_names: tuple
    component_phase: np.ndarray
    mixedness: np.ndarray
    beam_shift: np.ndarray | None = None
    hot_pixels: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), int))
    dead_pixels: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), int))
    maps: dict = field(default_factory=dict)

    @property
    def n_components(self):
        """Number of components."""
        return len(self.patterns)

    def expected(self, rows=slice(None), columns=slice(None)):
        """Return the counts expected of a mixture at some probe positions.

        Drift, bending, hot and dead pixels are left out.

        Parameters
        ----------
        rows, columns : int or slice
            Which positions. Default is all of them: beware of large scans.

        Returns
        -------
        counts : numpy.ndarray of shape (..., nky, nkx)
        """
        weights = self.abundance[rows, columns]
        return self.dose * np.tensordot(weights, self.patterns, axes=1)


def make_truth(abundance, patterns, dose, names, phases, **more):
    """Derive labels and mixed-ness from abundances.

    Parameters
    ----------
    abundance : numpy.ndarray of shape (ny, nx, n_components)
        Weights, of mean sum 1.
    patterns : numpy.ndarray of shape (n_components, nky, nkx)
        Of sum 1.
    dose : float
        Mean electrons per pattern.
    names, phases : sequence of str
        Name and structure of each component.
    **more
        Passed unchanged to :class:`ScanTruth`.

    Returns
    -------
    ScanTruth
    """
    phase_names = tuple(dict.fromkeys(phases))
    component_phase = np.array([phase_names.index(p) for p in phases], dtype=np.int32)
    domain = np.argmax(abundance, axis=-1).astype(np.int32)
    total = abundance.sum(axis=-1)
    share = abundance.max(axis=-1) / np.where(total > 0, total, 1.0)
    return ScanTruth(
        abundance=abundance,
        patterns=patterns,
        dose=dose,
        component_names=tuple(names),
        domain=domain,
        phase=component_phase[domain],
        phase_names=phase_names,
        component_phase=component_phase,
        mixedness=np.where(total > 0, np.clip(1 - share, 0, 1), 0.0),
        **more,
    )
