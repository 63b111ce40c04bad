"""Poisson counts of mixtures, at a cost that goes with the dose and not the pixels.

The counts of a mixture are the sum of its components' counts, and the electrons of a
component are independent draws from its pattern. So the number of electrons of each
component is drawn, then a pixel for each electron. Where there are many more electrons
than pixels, each pixel's counts are drawn instead.
"""

from dataclasses import dataclass

import numba
import numpy as np

SHIFT = slice(2, 4)
WEIGHTS = slice(4, None)
"""A probe position's recipe: index, node, shift of rows and columns, weights."""

DENSE = 6.0
"""Electrons per pixel above which pixels are drawn instead of electrons.

Historical: chosen by trial for speed; both ways draw the same distribution.
"""


@numba.njit(cache=True, nogil=True)
def alias_table(weights):
    """Make a table that draws an index in proportion to its weight in constant time.

    Parameters
    ----------
    weights : numpy.ndarray of shape (n,)
        Non-negative float64 of sum 1.

    Returns
    -------
    keep : numpy.ndarray of shape (n,)
        Probability of keeping an index that was drawn uniformly.
    other : numpy.ndarray of shape (n,)
        int32: the index to take otherwise.

    References
    ----------
    .. [1] M. D. Vose, IEEE Trans. Softw. Eng. 17, 972 (1991), doi:10.1109/32.92917
    """
    n = weights.size
    keep = weights * n
    other = np.arange(n).astype(np.int32)
    # Stacks: what goes from the large to the small takes the place of one that left.
    small = np.flatnonzero(keep < 1.0)
    large = np.flatnonzero(keep >= 1.0)
    n_small, n_large = small.size, large.size
    while n_small > 0 and n_large > 0:
        n_small -= 1
        low = small[n_small]
        high = large[n_large - 1]
        other[low] = high
        keep[high] -= 1.0 - keep[low]
        if keep[high] < 1.0:
            n_large -= 1
            small[n_small] = high
            n_small += 1
    keep[large[:n_large]] = 1.0
    brightest = np.argmax(weights)
    for i in small[:n_small]:
        # Left over by rounding; a pixel without weight must stay without counts.
        if weights[i] > 0.0:
            keep[i] = 1.0
        else:
            other[i] = brightest
    return keep, other


@numba.njit(cache=True, nogil=True)
def add_electrons(rng, image, keep, other, expected, shift):
    """Add one component's electrons to a pattern, electron by electron.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : numpy.ndarray of shape (nky, nkx)
        Counts, changed in place.
    keep, other : numpy.ndarray of shape (nky * nkx,)
        The component's :func:`alias_table`.
    expected : float
        Mean number of electrons.
    shift : numpy.ndarray of shape (2,)
        Shift (rows, columns) in pixels. A part of a pixel is a probability of the
        next one, which is linear interpolation of the pattern. Electrons that leave
        the detector are lost.
    """
    n_rows, n_columns = image.shape
    n = keep.size
    moved = shift[0] != 0.0 or shift[1] != 0.0
    for _ in range(rng.poisson(expected)):
        draw = rng.random() * n
        pixel = int(draw)
        if draw - pixel >= keep[pixel]:
            pixel = other[pixel]
        row = pixel // n_columns
        column = pixel - row * n_columns
        if moved:
            row = int(np.floor(row + shift[0] + rng.random()))
            column = int(np.floor(column + shift[1] + rng.random()))
            if row < 0 or column < 0 or row >= n_rows or column >= n_columns:
                continue
        image[row, column] += 1


@numba.njit(cache=True, nogil=True)
def add_rate(rate, pattern, expected, shift):
    """Add one component's expected counts to a pattern.

    Parameters
    ----------
    rate : numpy.ndarray of shape (nky, nkx)
        Expected counts, changed in place.
    numpy.ndarray of shape (nky, nkx)
        The component's pattern, of sum 1.
    expected : float
        Mean number of electrons.
    shift : numpy.ndarray of shape (2,)
        Shift (rows, columns) in pixels, by linear interpolation.
    """
    n_rows, n_columns = rate.shape
    down = int(np.floor(shift[0]))
    right = int(np.floor(shift[1]))
    part_down = shift[0] - down
    part_right = shift[1] - right
    for i in range(2):
        part_row = part_down if i else 1.0 - part_down
        for j in range(2):
            part = part_row * (part_right if j else 1.0 - part_right)
            if part == 0.0:
                continue
            for row in range(max(0, -down - i), min(n_rows, n_rows - down - i)):
                target = rate[row + down + i]
                source = pattern[row]
                first = max(0, -right - j)
                last = min(n_columns, n_columns - right - j)
                for column in range(first, last):
                    target[column + right + j] += expected * part * source[column]


@numba.njit(cache=True, nogil=True)
def draw_pattern(rng, image, patterns, keep, other, doses, node, shift, dense):
    """Draw the counts of one probe position.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : numpy.ndarray of shape (nky, nkx)
        Counts, zero before, changed in place.
    patterns : numpy.ndarray of shape (n_components, n_nodes, nky, nkx)
        Patterns of sum 1; nodes are variants between which a position may lie.
    keep, other : numpy.ndarray of shape (n_components, n_nodes, nky * nkx)
        Their alias tables.
    doses : numpy.ndarray of shape (n_components,)
        Mean number of electrons of each component.
    node : float
        Position among the nodes: 1.25 is three parts of node 1 and one of node 2.
    shift : numpy.ndarray of shape (2,)
        Shift (rows, columns) in pixels.
    dense : bool
        Whether to draw pixel by pixel.
    """
    n_rows, n_columns = image.shape
    rate = np.zeros((n_rows if dense else 0, n_columns))
    first = min(int(node), patterns.shape[1] - 1)
    for component in range(doses.size):
        for step in range(2):
            part = node - first if step else 1.0 - (node - first)
            expected = doses[component] * part
            if expected <= 0.0:
                continue
            which = first + step
            if dense:
                add_rate(rate, patterns[component, which], expected, shift)
            else:
                table = keep[component, which], other[component, which]
                add_electrons(rng, image, table[0], table[1], expected, shift)
    if dense:
        for pixel in np.ndindex(image.shape):
            if rate[pixel] > 0.0:
                image[pixel] = rng.poisson(rate[pixel])


@dataclass
class PatternSampler:
    """Draws the counts of probe positions from their recipes.

    A position's counts depend on the seed and on its index in the scan, never on what
    is drawn beside it.

    Parameters
    ----------
    patterns : numpy.ndarray of shape (n_components, n_nodes, nky, nkx)
        Patterns of sum 1.
    dose : float
        Electrons of a position of weight 1.
    seed : int
        Seed of the scan.
    dtype : numpy.dtype
        Type of the counts.
    hot_pixels, dead_pixels : numpy.ndarray of shape (n, 2)
        Rows and columns of pixels that count too much or nothing.
    hot_counts : float
        Mean counts that a hot pixel adds to a pattern.
    """

    patterns: np.ndarray
    dose: float
    seed: int
    dtype: type
    hot_pixels: np.ndarray
    dead_pixels: np.ndarray
    hot_counts: float

    def __post_init__(self):
        self.patterns = np.ascontiguousarray(self.patterns)
        shape = self.patterns.shape
        tables = [alias_table(p.ravel()) for p in self.patterns.reshape(-1, *shape[2:])]
        self.keep, self.other = (
            np.stack(table).reshape(*shape[:2], -1)
            for table in zip(*tables, strict=True)
        )
        self.key = np.random.SeedSequence([self.seed, 1]).generate_state(2, np.uint64)

    def __call__(self, recipes):
        """Draw the counts of a block of probe positions.

        Parameters
        ----------
        recipes : numpy.ndarray of shape (n_rows, n_columns, 4 + n_components)
            Index in the scan, node, shift of rows and of columns, weights.

        Returns
        -------
        counts : numpy.ndarray of shape (n_rows, n_columns, nky, nkx)
        """
        shape = self.patterns.shape[2:]
        counts = np.zeros((*recipes.shape[:2], *shape), dtype=self.dtype)
        flat = counts.reshape(-1, *shape)
        limit = DENSE * shape[0] * shape[1]
        rows = recipes.reshape(-1, recipes.shape[2])
        for recipe, image in zip(rows, flat, strict=True):
            index = np.array([0, 0, 0, int(recipe[0])], dtype=np.uint64)
            rng = np.random.Generator(np.random.Philox(key=self.key, counter=index))
            doses = recipe[WEIGHTS] * self.dose
            draw_pattern(
                rng,
                image,
                self.patterns,
                self.keep,
                self.other,
                doses,
                recipe[1],
                recipe[SHIFT],
                doses.sum() > limit,
            )
            if len(self.hot_pixels):
                extra = rng.poisson(self.hot_counts, len(self.hot_pixels))
                image[*self.hot_pixels.T] += extra.astype(self.dtype)
        counts[:, :, *self.dead_pixels.T] = 0
        return counts
