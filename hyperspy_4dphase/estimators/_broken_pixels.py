"""Pixels whose values are no counts: stuck, flickering, hot, or camera metadata."""

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators._scaling import inverse

# Noise of a pixel over that of an electron counter: above the first only structure can
# explain it, below the second nothing does.
_FLICKERS_FROM = 5.0
_STUCK_BELOW = 0.1
# Structure is shared with a neighbour or with the rest of the pattern.
_ALONE_BELOW = 0.25
_EXPLAINED_BELOW = 0.25
_N_DIRECTIONS = 8
_MOST_COMPARED = 500
_BRIGHTER = 5.0
_FEWEST_ELECTRONS = 50
_SURE = 6.0
# If more are found, pixels do not share what they show with their neighbours.
_MOST = 0.1
_MOST_HOT = 0.01
# Brightness beside a saturated beam over that in it.
_BESIDE_SPOT = 0.2
_LEAST_PIXELS = 64
_WINDOW = 7
# Share of odd pixels in a line of metadata, and how many such lines there may be.
_ODD_LINE = 0.3
_ODD_ALONE = 0.6
_MOST_LINES = 8


def broken_pixels(pairs, detector, signal_shape, used_pixels):
    """Find the pixels that no law of counting allows.

    Parameters
    ----------
    pairs : PairNoise
    detector : Detector
    signal_shape : tuple of int
        Of the detector.
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels lie in the flat detector.

    Returns
    -------
    numpy.ndarray of bool, shape (n_pixels,)
    """
    n_pixels = used_pixels.size
    none = np.zeros(n_pixels, dtype=bool)
    if n_pixels < _LEAST_PIXELS or len(signal_shape) != 2 or pairs.n_pairs < 64:
        return none
    electrons = (pairs.mean - detector.offset) / detector.gain
    noise = pairs.variance / detector.gain**2
    expected = np.maximum(electrons, 0) + detector.dark_variance
    # Of a pixel that hardly counts anything, one electron is expected in all.
    expected = np.maximum(expected, 1 / pairs.n_pairs)
    ratio = noise / expected
    image = Around(signal_shape, used_pixels)
    counted = electrons * pairs.n_pairs > _FEWEST_ELECTRONS
    counts = detector.scales_with_mean
    stuck = counted & (ratio < _STUCK_BELOW) & counts
    excess = (ratio - 1) * np.sqrt(pairs.n_pairs / (2 + 1 / expected))
    restless = counted & (ratio > _FLICKERS_FROM) & (excess > _SURE)
    if stuck.any():
        stuck &= ~image.in_spots(stuck, stuck | restless, electrons)
    odd = stuck | restless
    if restless.any():
        restless &= ratio > 3 * image.low(ratio)
        odd = stuck | restless
        # What moves or bends makes more noise around it than in its middle.
        above = np.maximum(noise - expected, 0)
        restless &= above > 2 * image.beside(above)
    found = stuck | restless
    if odd.any():
        lines = _odd_lines(odd, image)
        found = stuck | (restless & _is_alone(pairs, restless, image))
        found |= _whole_lines(found, image) | lines
    if counts:
        found |= _hot(pairs, electrons, detector, counted, image)
    return none if found.mean() > _MOST else found


class Around:
    """What is around each pixel of a detector of which some are not used."""

    def __init__(self, shape, used):
        self.shape, self.used = shape, used

    def image(self, values, fill=np.nan):
        """Values of the used pixels as an image."""
        image = np.full(self.shape, fill)
        image.flat[self.used] = values
        return image

    def low(self, values, percentile=25):
        """Lower quartile, or another, over a window of 7 x 7 pixels."""
        image = self.image(values)
        # Not used pixels do not rule: they take the median of all.
        image[np.isnan(image)] = np.median(values)
        low = ndimage.percentile_filter(image, percentile, size=_WINDOW, mode="mirror")
        return low.flat[self.used]

    def in_spots(self, which, odd, values):
        """Which of some pixels are in groups beside which others are as bright, nearly:
        a saturated beam is no broken pixel. Odd pixels beside them say nothing.
        """
        grid = self.image(which.astype(float), 0.0) > 0
        bright = self.image(np.where(odd & ~which, 0, values), 0.0)
        groups, n = ndimage.label(grid, np.ones((3, 3)))
        inside = np.zeros(self.shape, dtype=bool)
        for k, place in enumerate(ndimage.find_objects(groups), 1):
            place = tuple(slice(max(p.start - 1, 0), p.stop + 1) for p in place)
            own = groups[place] == k
            ring = ndimage.binary_dilation(own, np.ones((3, 3))) & ~own
            if ring.any() and own.sum() > 1:
                beside = bright[place][ring].max()
                inside[place] |= own & (
                    beside > _BESIDE_SPOT * bright[place][own].mean()
                )
        return inside.flat[self.used]

    def is_beam(self, values):
        """The brightest pixel, if it is central and no whole spot is as bright."""
        brightest = np.zeros(values.size, dtype=bool)
        place = np.array(np.unravel_index(self.used[values.argmax()], self.shape))
        off = np.abs(place - (np.array(self.shape) - 1) / 2)
        brightest[values.argmax()] = (off <= np.array(self.shape) / 6).all()
        others = self.image(np.where(brightest, 0, np.maximum(values, 0)), 0.0)
        sums = ndimage.uniform_filter(others, _WINDOW, mode="constant") * _WINDOW**2
        return brightest & (sums.max() < values.max())

    def beside(self, values):
        """Median over the neighbours of each pixel."""
        near = self.pairs()
        median = np.zeros(len(near))
        some = (near >= 0).any(axis=1)
        near = near[some]
        median[some] = np.nanmedian(np.where(near >= 0, values[near], np.nan), axis=1)
        return median

    def pairs(self):
        """For each of the eight neighbours: its number, or -1."""
        number = np.full(np.add(self.shape, 2), -1)
        row, column = np.unravel_index(self.used, self.shape)
        number[row + 1, column + 1] = np.arange(self.used.size)
        steps = [(y, x) for y in (0, 1, 2) for x in (0, 1, 2) if (y, x) != (1, 1)]
        return np.stack([number[row + y, column + x] for y, x in steps], axis=1)


def _is_alone(pairs, restless, image):
    """Whether what a pixel shows beyond noise is nowhere else in the pattern."""
    alone = np.zeros_like(restless)
    which = np.flatnonzero(restless)
    if not which.size:
        return alone
    values = pairs.differences
    norms = np.sqrt(np.square(values).sum(axis=0, dtype=np.float64))
    near = image.pairs()[which]
    shared = np.zeros(which.size)
    for neighbour in near.T:
        inside = neighbour >= 0
        one, other = which[inside], neighbour[inside]
        products = np.einsum("ij,ij->j", values[:, one], values[:, other])
        cosine = np.abs(products) * inverse(norms[one] * norms[other])
        shared[inside] = np.maximum(shared[inside], cosine)
    lonely = which[shared < _ALONE_BELOW]
    rest = np.setdiff1d(np.flatnonzero(norms > 0), lonely)
    if lonely.size and rest.size > _N_DIRECTIONS:
        # Alone among its neighbours, it may still follow the pattern as a whole.
        scaled = values[:, rest] / norms[rest].astype(np.float32)
        _, vectors = np.linalg.eigh((scaled @ scaled.T).astype(np.float64))
        leading = vectors[:, -_N_DIRECTIONS:]
        own = values[:, lonely] * inverse(norms[lonely])
        explained = np.square(leading.T @ own).sum(axis=0)
        lonely = lonely[explained < _EXPLAINED_BELOW + _N_DIRECTIONS / len(values)]
    if 1 < lonely.size <= _MOST_COMPARED:
        # So may others as sharp as it, where spots are no wider than a pixel.
        own = values[:, lonely] * inverse(norms[lonely])
        cosine = np.abs(own.T @ own)
        np.fill_diagonal(cosine, 0)
        limit = max(_ALONE_BELOW, 5 / np.sqrt(len(values)))
        lonely = lonely[cosine.max(axis=0) < limit]
    alone[lonely] = True
    return alone


def _is_constant(pairs, detector):
    """Whether a pixel counts the same in all patterns, but for its noise."""
    values = (pairs.patterns - detector.offset) / detector.gain
    mean = np.maximum(values.mean(axis=0, dtype=np.float64), 1e-12)
    ratio = values.var(axis=0, dtype=np.float64) / (mean + detector.dark_variance)
    return ratio < 1 + _SURE * np.sqrt(2 / len(values))


def _hot(pairs, electrons, detector, counted, image):
    """Pixels far brighter than any neighbour, as no other maximum is, in all patterns.

    Returns
    -------
    numpy.ndarray of bool, shape (n_pixels,)
    """
    near = image.pairs()
    beside = np.where(near >= 0, electrons[near], 0).max(axis=1)
    n = pairs.n_pairs
    least = _BRIGHTER * np.sqrt(np.maximum(electrons, 1 / n) / n)
    maximum = electrons > beside + least / 2
    sharp = maximum & counted & (electrons > np.maximum(beside, 0) + 1)
    if not sharp.any():
        return sharp
    usual = np.maximum(image.low(electrons), 0)
    # Beside a dead pixel, as in a cross, an edge of the beam looks like a maximum.
    dead = (pairs.variance == 0) & (image.low(electrons, 75) * n > 10)
    maximum &= ~((near >= 0) & dead[near]).any(axis=1)
    height, skirt = electrons - usual, np.maximum(beside - usual, 0)
    peak = maximum & (height > least)
    sharp = peak & counted & (height > _BRIGHTER * skirt)
    sharp &= electrons > _BRIGHTER * usual + 1
    constant = _is_constant(pairs, detector)
    hot = sharp & constant
    # The direct beam may be as sharp. Where spots that vary are, this is how sharp
    # spots are.
    hot &= ~image.is_beam(electrons)
    usual = (sharp & ~constant).sum() > 2 or hot.sum() > max(2, _MOST_HOT * hot.size)
    return np.zeros_like(hot) if usual else hot


def _odd_lines(odd, image):
    """Rows and columns that hold no image, at the edges or alone, as metadata do."""
    grid = np.nan_to_num(image.image(odd.astype(float)))
    lines = np.zeros(image.shape, dtype=bool)
    for grid_view, view in ((grid, lines), (grid.T, lines.T)):
        share = grid_view.mean(axis=1)
        padded = np.pad(share, 1)
        beside = np.maximum(padded[:-2], padded[2:])
        view[(share > _ODD_ALONE) & (beside < _ODD_LINE / 2)] = True
        for order in (slice(None), slice(None, None, -1)):
            own, rows = share[order], view[order]
            depth = np.argmax(own < _ODD_LINE)
            beyond = own[depth : depth + 2].max()
            # It must end, and soon.
            if 0 < depth <= _MOST_LINES and beyond < _ODD_LINE / 2:
                rows[:depth] = True
    return lines.flat[image.used]


def _whole_lines(found, image):
    """Rows and columns of which more than half is found."""
    grid = image.image(found.astype(float))
    lines = np.zeros(image.shape, dtype=bool)
    for axis in (0, 1):
        valid = np.isfinite(grid).sum(axis=axis)
        share = np.nansum(grid, axis=axis) / np.maximum(valid, 1)
        line = np.expand_dims((share > 0.5) & (valid >= 8), axis)
        lines |= line
    return lines.flat[image.used]
