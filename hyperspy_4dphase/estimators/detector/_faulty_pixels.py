"""Pixels of a detector that do not count as their neighbours do."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators.detector._floor import remove_floor
from hyperspy_4dphase.estimators.detector._pixel_neighbours import (
    PixelNeighbours,
    close_gaps,
)
from hyperspy_4dphase.estimators.detector._sharp_pixels import (
    find_beam,
    find_sharp_pixels,
    look_around,
)

# Standard deviations of counting noise that are no chance.
_SURE = 6.0
# A hot pixel's excess is the same in all domains up to this factor.
_CONSTANT = 0.3
# Counts in the whole scan of dead pixels, over those of the pixels beside them, and how
# many these must be: fewer might miss one by chance.
_DEAD_SHARE, _LEAST_COUNTS = 0.1, 20.0
# Beside pixels that are dead for sure, so many do.
_FEW_COUNTS = 5.0
# Share of the border of a dead area that is sharp, where it can be told and in all.
_SHARP_BORDER, _SHARP_IN_ALL = 0.8, 0.3
# Factor from pixel to pixel that is no edge of a dim area.
_STEP = 4.0
# A larger share of the detector than this is not dead: patterns end sharply.
_MOST = 0.35
_N_LEVELS = 16
# Dark lines side by side, pixels of one, and what the line beside them has at least of
# that beyond it. Single pixels do not count as more than so many usual ones.
_WIDEST_LINES, _SHORTEST_LINE, _SAME_LINE = 4, 16, 0.6
_MOST_OF_USUAL = 4.0
# A pixel and its four neighbours.
_CROSS = ndimage.generate_binary_structure(2, 1)


@dataclass(frozen=True)
class FaultyPixels:
    """Pixels that do not count as their neighbours do.

    Attributes
    ----------
    hot, dead : numpy.ndarray of bool, shape (n_ky, n_kx)
        Much brighter than all around them in every pattern, whatever it is; almost
        without counts beside pixels with many.
    """

    hot: np.ndarray
    dead: np.ndarray

    @property
    def mask(self):
        """numpy.ndarray of bool, shape (n_ky, n_kx): Both."""
        return self.hot | self.dead


def find_faulty_pixels(means, variances, sizes, excluded=None):
    """Find hot pixels and dead ones, or those hidden from the beam, in mean patterns.

    Hot pixels, one or two side by side, exceed their surroundings in all domains by
    the same, and are sharper than a spot can be. If single pixels that are as sharp
    come and go with the domains, spots are so sharp, and none is hot. Dead pixels are
    sets of any shape (pixels, rows, a cross, a beam stop) whose counts in the whole
    scan are below a tenth of their neighbours' along a sharp border. Patterns that fade
    into the dark have no such border.

    Parameters
    ----------
    means, variances : numpy.ndarray, shape (n_domains, n_ky, n_kx)
        Mean patterns and the noise variance of these. NaN where there is no value.
    sizes : numpy.ndarray of int, shape (n_domains,)
        Number of patterns of each.
    excluded : numpy.ndarray of bool, shape (n_ky, n_kx), optional
        Pixels that are masked anyhow.

    Returns
    -------
    FaultyPixels
        Without the excluded ones.
    """
    sizes = np.asarray(sizes, float)
    used = ~(np.isnan(means) | np.isnan(variances)).any(axis=0)
    if excluded is not None:
        used &= ~excluded
    means, variances = np.where(used, means, 0.0), np.where(used, variances, 0.0)
    # What reads 0 must not be taken for the floor.
    dead = _find_dead(_total(means, sizes), _total(variances, sizes**2), used, 1)
    dead |= _find_dead_above_zero(means, variances, sizes, used & ~dead)
    kept = np.broadcast_to(used & ~dead, means.shape)
    means, variances = remove_floor(means, variances, kept)
    total, noise = _total(means, sizes), _total(variances, sizes**2)
    hot = _find_hot(means, variances, sizes, used & ~dead)
    dead |= _find_dead(total, noise, used & ~hot, _N_LEVELS)
    # Beside what is dead, fewer are sharp.
    return FaultyPixels(hot & _find_hot(means, variances, sizes, used & ~dead), dead)


def _total(values, weights):
    return np.tensordot(weights, values, 1)


def _find_hot(means, variances, sizes, used):
    """Which pixels are brighter than all around them by the same in all domains."""
    hot, pixels = np.zeros_like(used), np.flatnonzero(used)
    neighbours = PixelNeighbours(used.shape, pixels)
    means, variances = means[:, used], variances[:, used]
    total, noise = _total(means, sizes), _total(variances, sizes**2)
    which, excess = find_sharp_pixels(total, noise, neighbours)
    overall = excess / sizes.sum()
    # The direct beam may be as sharp; where it is cut, it looks so.
    beam = find_beam(total, neighbours)[which]
    beam |= (neighbours.find_central() & neighbours.find_beside_missing())[which]
    which, overall = which[~beam], overall[~beam]
    if not which.size:
        return hot
    constant = np.ones(which.size, bool)
    for one, variance, size in zip(means, variances, sizes, strict=True):
        around = look_around(one, variance, neighbours, which)
        error = 3 * np.sqrt(variance[which] + around.noise) + 0.5 * around.spread
        # One that flickers averages out over many patterns only.
        error += overall / np.sqrt(size)
        own = one[which] - around.near
        constant &= own > _CONSTANT * overall - error
        constant &= own < overall / _CONSTANT + error
    # Spots that are so sharp come and go with the domains; one or two may by chance.
    if (~constant).sum() <= max(2, constant.sum() / 2):
        hot.flat[pixels[which[constant]]] = True
    return hot


def _find_dead(total, noise, used, n_levels):
    """Which pixels have almost no counts, but neighbours with many."""
    dead = np.zeros_like(used)
    if not used.any():
        return dead
    counts = _convert_to_counts(total, noise, used)
    dead |= _find_dead_lines(counts, used)
    levels = [0.0]
    if n_levels > 1 and np.isfinite(counts[used]).all():
        most = np.quantile(counts[used], 0.99) * _DEAD_SHARE
        if most > 1:
            levels.extend(np.geomspace(1, most, n_levels - 1))
    for level in levels:
        low = used & (counts <= level)
        found = _find_sharp_areas(counts, low, used, level)
        if level and found.any():
            found = _grow(found, counts, used)
        if found.sum() <= _MOST * used.sum():
            dead |= found
    return dead if dead.sum() <= _MOST * used.sum() else np.zeros_like(dead)


def _find_dead_above_zero(means, variances, sizes, used):
    """Which pixels hold the same least value, beside others with counts."""
    none = np.zeros_like(used)
    if not used.any():
        return none
    counts = _convert_to_counts(_total(means, sizes), _total(variances, sizes**2), used)
    least = counts[used].min()
    if not 0 < least < np.inf:
        return none
    lifted = np.where(used, counts - least, 0)
    low = used & (lifted <= 0.5 * np.sqrt(least))
    # Of many pixels that all hold about as much, some hold the least.
    dead = _find_sharp_areas(lifted, low, used, _SURE / 2 * np.sqrt(least))
    dead |= low & _find_dead_lines(lifted, used, least)
    # Counts scatter by their root.
    flat = dead.sum() >= 4 and counts[dead].var() <= 0.1 * counts[dead].mean()
    return dead if flat and dead.sum() <= _MOST * used.sum() else none


def _find_dead_lines(counts, used, least=0.0):
    """Which rows and columns are dark between two that are not, to the edge.

    All of a line together has counts enough to tell where each of its pixels has few.
    """
    dead = np.zeros_like(used)
    if not np.isfinite(counts[used]).all():
        return dead
    # Neither hot pixels nor the beam make a line.
    counts = np.where(used, counts, 0)
    usual = ndimage.median_filter(counts, 3)[used].mean()
    counts = np.minimum(counts, _MOST_OF_USUAL * usual + _FEW_COUNTS)
    for axis in (0, 1):
        inside = used.sum(axis=1 - axis)
        sums = counts.sum(axis=1 - axis)
        enough = _LEAST_COUNTS + 2 * _SURE * np.sqrt(least * inside)
        lines = np.zeros(sums.size, dtype=bool)
        for width in range(1, _WIDEST_LINES + 1):
            for first in range(2, sums.size - width - 1):
                between = slice(first, first + width)
                before, after = sums[first - 1], sums[first + width]
                beyond = sums[first - 2], sums[first + width + 1]
                side = min(before, after)
                # Spots end less sharply, and not all at one line.
                lines[between] |= (
                    sums[between].max() <= _DEAD_SHARE * side
                    and side >= enough[between].max()
                    and before >= _SAME_LINE * beyond[0]
                    and after >= _SAME_LINE * beyond[1]
                    and inside[between].min() >= _SHORTEST_LINE
                )
        dead |= np.expand_dims(lines, 1 - axis) & used
    return dead


def _convert_to_counts(total, noise, used):
    """Totals in units in which their variance is their mean."""
    summed = max(total[used].sum(), 0.0)
    unit = noise[used].sum() / summed if summed else 0.0
    return total / unit if unit else np.where(total > 0, np.inf, 0.0)


def _grow(found, counts, used):
    """With what belongs to dim areas, if that has sharp borders, too.

    A stop that is not opaque is brighter where the beam shows through it, but there is
    no edge inside of it like that around it.
    """
    grown, before = found, None
    while before is None or (grown & ~before).any():
        before = grown
        dim = np.where(before, np.maximum(counts, 1), 0)
        beside = ndimage.maximum_filter(dim, footprint=_CROSS, mode="constant")
        reached = counts < _STEP * beside
        grown = before | (reached & used & (counts >= _LEAST_COUNTS))
        if grown.sum() > _MOST * used.sum():
            return found
    grown = grown | (_fill(grown) & used)
    kept = found | _find_sharp_areas(counts, grown, used)
    # The beam that shows through may be so steep that its border looks less sharp.
    return kept | (_fill(kept) & grown)


def _fill(found):
    """With what lies between parts of a wide area."""
    depth = ndimage.distance_transform_cdt(np.pad(found, 1), "chessboard")
    wide = ndimage.binary_propagation(depth[1:-1, 1:-1] > 1, mask=found)
    reach = 2 * depth.max() + 1
    return close_gaps(wide, reach)


def _find_sharp_areas(counts, low, used, level=0.0):
    """Of the connected low areas, what lies within a sharp border."""
    areas, n = ndimage.label(low)
    if not n:
        return low
    # What is beside each low pixel, and outside the area.
    beside = used & ~low
    border = low & ndimage.binary_dilation(beside, _CROSS)
    if not border.any():
        return np.zeros_like(low)
    outside = np.where(beside, counts, np.inf)
    outside = ndimage.minimum_filter(
        outside, footprint=_CROSS, mode="constant", cval=np.inf
    )
    # Just above the level, an area only goes on.
    can_tell = border & (outside >= max(_LEAST_COUNTS, 2 * level))
    sharp = can_tell & (counts <= _DEAD_SHARE * outside)
    index = np.arange(1, n + 1)
    n_sharp, n_told, n_border, size = (
        ndimage.sum_labels(x, areas, index) for x in (sharp, can_tell, border, low)
    )
    found = (n_sharp >= np.maximum(_SHARP_BORDER * n_told, 1)) & (n_told > 0)
    found &= n_sharp >= _SHARP_IN_ALL * n_border
    if (found & (size > _MOST * used.sum())).any():
        return np.zeros_like(low)
    sharp |= border & (outside >= _FEW_COUNTS) & (counts <= _DEAD_SHARE * outside)
    # What lies deep inside is as its nearest border.
    nearest = ndimage.distance_transform_edt(
        ~border, return_distances=False, return_indices=True
    )
    return low & np.append(False, found)[areas] & sharp[tuple(nearest)]
