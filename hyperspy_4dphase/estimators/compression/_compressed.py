"""Patterns reduced to what rises above noise: arrays, and what follows from them."""

from dataclasses import dataclass, replace

import numpy as np

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._remainder import (
    decompose_gram,
    find_remainder,
)
from hyperspy_4dphase.estimators.compression._scaling import Scaling

# Directions this many times above the noise edge are known well enough to keep as they
# are. Historical: chosen by trial, not calibrated.
_STRONG_FROM = 2.0


@dataclass
class CompressedPatterns:
    """Patterns X (n_patterns, n_pixels) as Q B in scaled units, where noise is white.

    The scaled patterns are ``X * row_scale[:, None] * column_scale``; their singular
    value decomposition, cut off, is ``Q @ B`` with the singular values in ``B``.

    Attributes
    ----------
    Q : numpy.ndarray, shape (n_patterns, rank), float32
        Orthonormal columns, the strongest first.
    B : numpy.ndarray, shape (rank, n_pixels), float32
        Orthogonal rows, of norm `singular_values`.
    row_scale, column_scale : numpy.ndarray, shape (n_patterns,) and (n_pixels,)
        What patterns and pixels were multiplied by; 0 where there are no counts.
    singular_values : numpy.ndarray, shape (rank,)
        Of the scaled patterns.
    noise_variance : float
        Of one scaled value: 1 for counts, the gain for counts times a gain.
    noise_edge : float
        The largest singular value that noise alone would show.
    n_significant : int
        How many singular values stand above the edge: the first so many directions
        are structure, the others noise.
    residual : numpy.ndarray, shape (n_patterns,)
        Mean squared deviation of each pattern from ``Q @ B`` in units of the noise
        variance: about 1 where all that is left is noise.
    squared_norm : float
        Of the scaled patterns, all directions counted.
    noise : str
        ``"poisson"`` or ``"uniform"``.
    row_limit : float
        Largest squared `row_scale` times total of a pattern.
    n_reads : float
        How many times the patterns were read.
    gain, offset : float
        Units of the data an electron, and without one: X are the data less `offset`,
        over `gain`.
    floor : float
        Variance of readout noise, in the units of X.
    inflation : float
        Variance of the noise along the significant directions over that of a value:
        1 for white noise, more where pixels share their noise.
    detector : dict or None
        What the first read found out; see :class:`Detector`. Beside it `neighbours`,
        the variance among neighbouring patterns over that of independent ones.
    descan : dict or None
        The plane of shifts, whether it was `found`, `can_be_taken_out` (not where no
        pixel would be complete), and is `taken_out`: `slopes` in pixels a position
        along either axis of the detector and each of the scan, `rms` and its error in
        pixels. None if it was not asked for, and is not plain.
    faulty_patterns, faulty_pixels : numpy.ndarray of bool, or None
        Which of the patterns and pixels given were left out as no counts.
    incomplete_pixels : numpy.ndarray of bool, or None
        Which of the pixels given were left out since some patterns have nothing to put
        there once the descan is taken out.
    replaced : numpy.ndarray, shape (3, n_values), or None
        Single values that were replaced: numbers of their patterns and pixels among
        those given, and what was taken instead, in units of the data.
    broad_rows : numpy.ndarray, shape (n_broad, n_pixels), float32, or None
        Orthonormal directions that stand above noise only where the counts of several
        pixels are taken together; None if there are none.
    broad_scores : numpy.ndarray, shape (n_patterns, n_broad), float32, or None
        What the scaled patterns have of them.
    sums : numpy.ndarray, shape (n_patterns,), or None
        Sum of each pattern X with fixed weights of its pixels, by which it is known
        again. None in files of earlier versions.
    """

    Q: np.ndarray
    B: np.ndarray
    row_scale: np.ndarray
    column_scale: np.ndarray
    singular_values: np.ndarray
    noise_variance: float
    noise_edge: float
    n_significant: int
    residual: np.ndarray
    squared_norm: float
    noise: str
    row_limit: float
    n_reads: float = 0.0
    gain: float = 1.0
    offset: float = 0.0
    floor: float = 0.0
    inflation: float = 1.0
    detector: dict | None = None
    descan: dict | None = None
    faulty_patterns: np.ndarray | None = None
    faulty_pixels: np.ndarray | None = None
    incomplete_pixels: np.ndarray | None = None
    replaced: np.ndarray | None = None
    broad_rows: np.ndarray | None = None
    broad_scores: np.ndarray | None = None
    sums: np.ndarray | None = None

    @property
    def score_variance(self):
        """float: Of the noise of a scaled pattern's part along a direction."""
        return self.noise_variance * self.inflation

    @property
    def rank(self):
        """int: Number of directions kept, noise directions included."""
        return self.Q.shape[1]

    @property
    def shape(self):
        """tuple of int: (n_patterns, n_pixels)."""
        return self.Q.shape[0], self.B.shape[1]

    def reconstruct(self, rows=slice(None), *, rank=None):
        """Compute patterns in the units of the data, without their noise.

        Parameters
        ----------
        rows : slice or index array, optional
            Which patterns.
        rank : int, optional
            How many directions to use; by default those above the noise edge.

        Returns
        -------
        numpy.ndarray, shape (n_rows, n_pixels), float32

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import compress_patterns
        >>> compressed = compress_patterns(counts, random_state=0)
        >>> compressed.reconstruct(slice(10)).shape
        (10, 300)
        """
        rank = max(self.n_significant, 1) if rank is None else rank
        scaled = self.Q[rows, :rank] @ self.B[:rank]
        patterns = scaled * inverse(self.row_scale[rows])[:, None]
        patterns = patterns * inverse(self.column_scale)
        if self.gain != 1:
            patterns *= np.float32(self.gain)
        if self.offset:
            patterns += np.float32(self.offset)
        return patterns

    @property
    def scaling(self):
        """Scaling: To be applied to other patterns of the same detector."""
        return Scaling(
            self.column_scale.astype(np.float64) ** 2,
            row_limit=self.row_limit,
            poisson=self.noise == "poisson",
            floor=self.floor,
        )

    @property
    def correction(self):
        """Correction: To be applied to data, which become X."""
        return Correction(offset=self.offset, gain=self.gain)

    def take(self, rows):
        """Take some of the patterns, in the same directions.

        Parameters
        ----------
        rows : index array or numpy.ndarray of bool
            Which patterns are kept.

        Returns
        -------
        CompressedPatterns

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import compress_patterns
        >>> compressed = compress_patterns(counts, random_state=0)
        >>> compressed.take(np.arange(50)).Q.shape
        (50, 13)
        """
        names = "Q", "row_scale", "residual", "broad_scores", "sums"
        values = {name: getattr(self, name) for name in names}
        return replace(self, **{k: v[rows] for k, v in values.items() if v is not None})

    def add_broad(self, columns, scores, edge):
        """Keep, of some directions, what is structure and not held yet.

        Parameters
        ----------
        columns, scores : numpy.ndarray
            Orthonormal directions, shape (n_pixels, k), and what the scaled patterns
            have of them, shape (n_patterns, k).
        edge : float
            Where noise of unit variance ends among them.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import compress_patterns
        >>> compressed = compress_patterns(counts, random_state=0, squares=False)
        >>> direction = rng.normal(size=(300, 1))
        >>> compressed.add_broad(direction, rng.normal(size=(400, 1)), edge=1.0)
        >>> compressed.broad_rows.shape
        (1, 300)
        """
        right, left, _ = self._find_strong()
        rest = find_remainder(right, left, columns, scores)
        above = rest.values > edge * np.sqrt(self.noise_variance)
        if above.any():
            self.broad_rows = np.ascontiguousarray(rest.directions[:, above].T)
            self.broad_scores = rest.scores[:, above]

    def with_broad(self):
        """Put all structure into Q and B, that of `broad_rows` too, without noise.

        Directions that stand well above the edge stay as they are. Of the weaker ones,
        only what the broad ones do not hold is taken, if that is still above the edge:
        in them is much of the noise that makes them weak.

        Returns
        -------
        CompressedPatterns
            All of its directions are significant, also those whose singular values are
            below `noise_edge`. ``self`` if there is nothing broad.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import compress_patterns
        >>> compressed = compress_patterns(counts, random_state=0)
        >>> compressed.with_broad().n_significant
        3
        """
        if self.broad_rows is None:
            return self
        right, left, n_strong = self._find_strong()
        weak = slice(n_strong, self.n_significant)
        right = np.column_stack([right, self.broad_rows.T])
        left = np.column_stack([left, self.broad_scores])
        scores = self.Q[:, weak] * self.singular_values[weak]
        rest = find_remainder(right, left, self._directions(weak), scores)
        above = rest.values > self.noise_edge
        right = np.column_stack([right, rest.directions[:, above]])
        left = np.column_stack([left, rest.scores[:, above]])
        values, rotation = decompose_gram(left.T.astype(np.float64) @ left)
        Q = left @ (rotation * inverse(values))
        rotation = rotation.astype(np.float32)
        return replace(
            self,
            Q=Q.astype(np.float32),
            B=np.ascontiguousarray((right @ rotation * values).T, np.float32),
            singular_values=values,
            n_significant=len(values),
            broad_rows=None,
            broad_scores=None,
        )

    def _find_strong(self):
        """Find the directions well above the edge.

        Returns
        -------
        directions : numpy.ndarray, shape (n_pixels, n_strong)
        scores : numpy.ndarray, shape (n_patterns, n_strong)
        n_strong : int
        """
        strong = self.singular_values > _STRONG_FROM * self.noise_edge
        n_strong = int(strong[: self.n_significant].sum())
        left = self.Q[:, :n_strong] * self.singular_values[:n_strong]
        return self._directions(slice(n_strong)), left, n_strong

    def _directions(self, which):
        return self.B[which].T * inverse(self.singular_values[which])
