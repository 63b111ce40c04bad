"""Randomized non-negative matrix factorization."""

import warnings
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase._threads import limited_threads
from hyperspy_4dphase.estimators._checks import check_positions
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators._transformer import PatternTransformer
from hyperspy_4dphase.estimators.compression import (
    CompressedPatterns,
    compress_patterns,
    project_patterns,
)
from hyperspy_4dphase.estimators.nmf._asked import ENOUGH, fit_asked
from hyperspy_4dphase.estimators.nmf._directions import count_directions
from hyperspy_4dphase.estimators.nmf._groups import group_components
from hyperspy_4dphase.estimators.nmf._hals import (
    CompressedMatrix,
    Factors,
    hals,
    purify,
    solve_weights,
)
from hyperspy_4dphase.estimators.nmf._number import find_distinct_patterns


class RandomizedNMF(PatternTransformer):
    """Randomized non-negative matrix factorization, X ~ W H.

    The patterns are compressed by a randomized QB decomposition in units where counting
    noise is white (:func:`compress_patterns`); hierarchical alternating least squares
    then sees only Q and B ([1]_, [2]_), so that an iteration costs no read of X.

    Parameters
    ----------
    n_components : int, optional
        Number of components. By default as many as there are distinct patterns: at most
        the directions above noise, less those that rule no pattern and those
        that only cut a continuous change in two.
    noise : {"poisson", "uniform"}, optional
        ``"poisson"`` (default) for counts, also if multiplied by a gain.
    oversampling : int, optional
        Directions kept beyond those needed.
    power_iterations : int, optional
        See :func:`compress_patterns`.
    max_iter : int, optional
        Most iterations of alternating least squares.
    tol : float, optional
        It stops when one iteration lowers the misfit by less than this part of it (or
        of what noise alone leaves, if that is more).
    random_state : int, numpy.random.RandomState or None, optional
        For the compression; all that follows is deterministic.
    device : None, str or torch.device, optional
        Where reads and iterations are computed; None takes a GPU if there is one.
    callback : callable, optional
        ``callback(stage, n_done, n_total)`` during the iterations.

    Attributes
    ----------
    components_ : numpy.ndarray, shape (n_components, n_pixels)
        H: the patterns of the components, each with sum one. Those that explain most
        come first.
    n_components_ : int
    groups_ : numpy.ndarray of int, shape (n_components,)
        A number for each component, from 0 on; the same for slices of one pattern that
        changes smoothly over the scan, as of a bent crystal. Without positions each
        component is a group by itself.
    compression_ : CompressedPatterns
    reconstruction_err_ : float
        Norm of X - W H over that of X, both in scaled units.
    n_iter_ : int
    converged_ : bool
    explained_variance_, explained_variance_ratio_ : numpy.ndarray, (n_components,)
        Mean square over the patterns, in scaled units, of each component's part, and
        its share of that of X.
    n_features_in_ : int

    References
    ----------
    .. [1] N. B. Erichson, A. Mendible, S. Wihlborn, J. N. Kutz, Randomized nonnegative
       matrix factorization, Pattern Recognit. Lett. 104 (2018),
       doi:10.1016/j.patrec.2018.01.007.
    .. [2] Werbrouck et al., arXiv:2507.17068 (2025).

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.estimators import RandomizedNMF
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
    >>> weights = 1000 * rng.dirichlet(np.full(3, 0.1), size=400)
    >>> model = RandomizedNMF(random_state=0)
    >>> model.fit_transform(rng.poisson(weights @ patterns)).shape
    (400, 3)
    """

    def __init__(
        self,
        n_components=None,
        *,
        noise="poisson",
        oversampling=10,
        power_iterations=None,
        max_iter=200,
        tol=1e-4,
        random_state=None,
        device=None,
        callback=None,
    ):
        self.n_components = n_components
        self.noise = noise
        self.oversampling = oversampling
        self.power_iterations = power_iterations
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.device = device
        self.callback = callback

    def fit(self, X, y=None, positions=None):
        """Learn the components.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns
            (n_patterns, n_pixels), non-negative.
        y : None
            Ignored.
        positions : array_like of int, shape (n_patterns, n_axes), optional
            Where each pattern is on the grid of the scan. They give `groups_`, and show
            structure that a singular value just below the noise edge hides.

        Returns
        -------
        RandomizedNMF

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import RandomizedNMF
        >>> RandomizedNMF(random_state=0).fit(counts).components_.shape
        (3, 300)
        """
        self.fit_transform(X, positions=positions)
        return self

    # Products are small here: more threads wait for each other rather than compute.
    @limited_threads(1)
    def fit_transform(self, X, y=None, positions=None):
        """Learn the components and return the weights of the same patterns.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns
            (n_patterns, n_pixels), non-negative.
        y : None
            Ignored.
        positions : array_like of int, shape (n_patterns, n_axes), optional
            As in :meth:`fit`.

        Returns
        -------
        numpy.ndarray, shape (n_patterns, n_components)
            W. As each component has sum one, these are the counts in each pattern
            that belong to the component.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import RandomizedNMF
        >>> RandomizedNMF(n_components=3, random_state=0).fit_transform(counts).shape
        (400, 3)
        """
        self.check_parameters()
        compression = self._compress(X)
        n_patterns, self.n_features_in_ = compression.shape
        if self.n_components is not None and self.n_components > n_patterns:
            raise ValueError(
                f"n_components={self.n_components} components were asked for, but "
                f"there are only {n_patterns} patterns."
            )
        n_directions, grid = compression.n_significant, None
        if positions is not None:
            positions = check_positions(positions, n_patterns)
            grid = np.full(positions.max(axis=0) + 1, -1)
            grid[tuple(positions.T)] = np.arange(n_patterns)
            n_directions = count_directions(compression, grid)
        rank = min(compression.rank, max(n_directions, self.n_components or 1))
        device = resolve_device(self.device)
        A = CompressedMatrix.from_compression(compression, rank, device)
        Wt, H = self._describe(compression, self._factorize(A, n_directions))
        self.groups_ = np.arange(len(H))
        if grid is not None:
            # Directions that are noise would only hide the rest.
            significant = A.keep_leading(max(n_directions, 1))
            self.groups_ = group_components(significant, Factors(Wt, H), grid)
        H = H * A.per_pixel
        sums = H.sum(axis=1, dtype=np.float64)
        self.components_ = (H * inverse(sums)[:, None]).astype(self._dtype)
        W = Wt.T * inverse(compression.row_scale)[:, None] * sums * compression.gain
        return W.astype(self._dtype)

    def transform(self, X):
        """Find the weights of patterns for the components learnt.

        Parameters
        ----------
        X : numpy.ndarray or PatternBlocks, shape (n_patterns, n_pixels)
            Patterns of the same pixels as those fitted.

        Returns
        -------
        numpy.ndarray, shape (n_patterns, n_components)

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import RandomizedNMF
        >>> model = RandomizedNMF(random_state=0).fit(counts)
        >>> model.transform(counts[:5]).shape
        (5, 3)
        """
        check_is_fitted(self)
        blocks = self._to_blocks(X)
        self._check_n_pixels(blocks)
        compression = self.compression_
        H = (self.components_ * compression.column_scale).astype(np.float32)
        blocks = blocks.correct(compression.correction)
        cross, u = project_patterns(blocks, H, compression.scaling)
        Wt = solve_weights(H, cross.T, tol=1e-5, max_iter=self.max_iter)
        W = Wt.T * (inverse(np.sqrt(u)) * compression.gain)[:, None]
        return W.astype(self.components_.dtype)

    def inverse_transform(self, W):
        """Compute the patterns that weights stand for.

        Parameters
        ----------
        W : numpy.ndarray, shape (n_patterns, n_components)
            What each component contributes to each pattern.

        Returns
        -------
        numpy.ndarray, shape (n_patterns, n_pixels)

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import RandomizedNMF
        >>> model = RandomizedNMF(random_state=0).fit(counts)
        >>> model.inverse_transform(model.transform(counts[:5])).shape
        (5, 300)
        """
        check_is_fitted(self)
        return np.asarray(W) @ self.components_

    @property
    def _n_features_out(self):
        return self.n_components_

    def check_parameters(self):
        """Refuse parameters of the wrong type or out of range.

        Raises
        ------
        TypeError, ValueError

        Examples
        --------
        >>> from hyperspy_4dphase.estimators import RandomizedNMF
        >>> RandomizedNMF(tol=1e-3).check_parameters()
        >>> RandomizedNMF(n_components=0).check_parameters()
        Traceback (most recent call last):
            ...
        ValueError: n_components must be at least 1, not 0.
        """
        check_integer("n_components", self.n_components, 1, optional=True)
        check_integer("power_iterations", self.power_iterations, 1, optional=True)
        check_integer("max_iter", self.max_iter, 1)
        check_integer("oversampling", self.oversampling, 0)
        check_number("tol", self.tol, 0)

    def _compress(self, X):
        if isinstance(X, CompressedPatterns):
            self._dtype = np.float32
            return X
        X = self._to_blocks(X, fitting=True)
        self._dtype = np.float64 if X.dtype == np.float64 else np.float32
        return compress_patterns(
            X,
            rank=self.n_components,
            noise=self.noise,
            oversampling=self.oversampling,
            power_iterations=self.power_iterations,
            squares=False,
            random_state=self.random_state,
            device=self.device,
        )

    def _factorize(self, A, n_directions):
        """Non-negative factors; alternating least squares, drawn to pure patterns."""
        report = self.callback and partial(self.callback, "Factorizing")
        options = {"max_iter": self.max_iter, "tol": self.tol, "callback": report}
        if self.n_components is None:
            start, n_iter = find_distinct_patterns(A, options)
            fit = hals(A, purify(A, start), enough=ENOUGH, **options)
            n_iter += len(fit.misfits)
        else:
            fit, n_iter = fit_asked(A, self.n_components, n_directions, options)
        self.n_iter_ = n_iter
        self.converged_ = fit.converged
        if not self.converged_:
            warnings.warn(
                f"The factorization did not converge in max_iter={self.max_iter} "
                "iterations; a larger max_iter or tol ends this warning.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return fit.factors

    def _describe(self, compression, factors):
        """Sort the components by what they explain, and say how much that is."""
        Wt, H = factors
        parts = (np.linalg.norm(Wt, axis=1) * np.linalg.norm(H, axis=1)) ** 2
        order = np.argsort(-parts, kind="stable")
        Wt, H, parts = Wt[order], H[order], parts[order]
        cross = ((H @ compression.B.T) @ compression.Q.T).astype(np.float64)
        model = (H @ H.T).astype(np.float64) * (Wt @ Wt.T)
        explained = 2 * (cross * Wt).sum() - model.sum()
        total = max(compression.squared_norm, 1e-300)
        left = max(compression.squared_norm - explained, 0)
        self.compression_ = compression
        self.n_components_ = len(H)
        self.explained_variance_ = parts / compression.shape[0]
        self.explained_variance_ratio_ = parts / total
        self.reconstruction_err_ = float(np.sqrt(left / total))
        return Factors(Wt, H)
