"""What is known about a simulated scan."""

from dataclasses import dataclass
from functools import cached_property

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
    component_phase : numpy.ndarray of shape (n_components,)
        int32: the structure of each component, an index into ``phase_names``.
    phase_names : tuple of str
        Name of each structure.
    beam_shift : numpy.ndarray of shape (ny, nx, 2) or None
        Shift (rows, columns) of the pattern in pixels; None if the beam stands still.
    hot_pixels, dead_pixels : numpy.ndarray of shape (n, 2)
        Rows and columns of the pixels that count too much or nothing.
    maps : dict of str to numpy.ndarray
        Further maps of a scene, such as its thickness or tilt.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> truth.component_names
    ('SiO2', 'TiO2', 'vacuum')
    >>> truth.abundance.shape, truth.domain.shape
    ((14, 16, 3), (14, 16))
    """

    abundance: np.ndarray
    patterns: np.ndarray
    dose: float
    component_names: tuple
    component_phase: np.ndarray
    phase_names: tuple
    beam_shift: np.ndarray | None
    hot_pixels: np.ndarray
    dead_pixels: np.ndarray
    maps: dict

    @property
    def n_components(self):
        """Number of components."""
        return len(self.patterns)

    @cached_property
    def domain(self):
        """The component with the largest weight (ny, nx), int32.

        Every component is a domain.
        """
        return np.argmax(self.abundance, axis=-1).astype(np.int32)

    @cached_property
    def phase(self):
        """The structure of the component with the largest weight (ny, nx), int32."""
        return self.component_phase[self.domain]

    @cached_property
    def mixedness(self):
        """1 minus the largest share of a component (ny, nx): 0 is pure."""
        total = self.abundance.sum(axis=-1)
        share = self.abundance.max(axis=-1) / np.where(total > 0, total, 1.0)
        return np.where(total > 0, np.clip(1 - share, 0, 1), 0.0)

    def expected(self, rows=slice(None), columns=slice(None)):
        """Return the counts expected of a mixture at some probe positions.

        Drift, bending, hot and dead pixels are left out.

        Parameters
        ----------
        rows, columns : int or slice
            Which positions. Default is all of them: beware of large scans.

        Returns
        -------
        numpy.ndarray of shape (..., nky, nkx)

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> truth.expected(rows=slice(2), columns=slice(3)).shape
        (2, 3, 32, 36)
        """
        weights = self.abundance[rows, columns]
        return self.dose * np.tensordot(weights, self.patterns, axes=1)
