"""Whether parts of a scan become alike once a plane of shifts is taken out."""

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators._binning import place_pixels
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.shifts._moved_blocks import (
    find_covered_pixels,
    shift_patterns,
)
from hyperspy_4dphase.estimators.shifts._offsets import MIN_TOTAL, find_cuts
from hyperspy_4dphase.estimators.shifts._pairs import (
    Pairs,
    find_pairs,
    neighbour_distance,
)

# Values of patterns that are compared at most, since it takes memory; and of a pixel's
# mean, what it is taken to have at least, in means of all.
_MOST_COMPARED, _FLOOR = 2**24, 0.05
# How much of the expected decrease must be found. It was 0.64 to 2.1 in 56 of 57
# simulated scans with a descan of 0.3 to 3 pixels (0.43 in a weak glass with 0.3), at
# most 0.26 in 6 scans of lines that walk through discs by which a plane was feigned,
# 0.8 and 1.0 in two where that plane had 0.1 pixels.
_LEAST_FOUND = 0.5
# Standard errors that a plane must be large: those of a step half way through a scan,
# which is no plane, are 3.5 at any number of counts, of 9 scans with a descan of 1.5
# pixels 11 and more. If as much as the last is found, pairs of patterns must agree: of
# the step 1.6 to 1.7 times as much was, of these scans 1.0 to 1.35.
_SURE_ERRORS, _MOST_FOUND = 5.0, 1.4


def makes_alike(plane, patterns, positions, used_pixels, signal_shape):
    """Whether parts of a scan become as alike as a plane of shifts would have it.

    Parameters
    ----------
    plane : ShiftPlane
    patterns, positions, used_pixels, signal_shape
        As :func:`fit_sample_plane` takes them.

    Returns
    -------
    bool
        True as well where nothing can tell: all patterns are in one part of the scan,
        or no pixel is complete in all of them.

    Notes
    -----
    The variance between the mean patterns of parts of the scan becomes smaller if a
    shift is taken out. By how much is expected of the mean of all moved patterns: it
    is shifted as each part was, and has a variance then. What is not shifted, such as
    the edges of discs in which lines walk, varies more instead. A step in the scan, at
    which patterns are shifted, makes parts as unlike as a plane would, but its slope
    differs from part to part, and neighbours become less alike beside the step once
    the plane is taken out.

    Brightness is no difference, and counts are multiplied by those of other patterns
    only, so that noise of any kind does not add to a variance.
    """
    step = max(1, -(-patterns.size // _MOST_COMPARED))
    patterns = patterns[::step]
    positions = np.asarray(positions, np.float64)[::step]
    parts = _part(positions)
    patterns, positions = patterns[parts >= 0], positions[parts >= 0]
    parts = parts[parts >= 0]
    if not parts.any():
        return True
    shifts = -plane.at(positions)
    covered = find_covered_pixels(used_pixels, signal_shape, shifts)[used_pixels]
    pixels = used_pixels[covered]
    means = [positions[parts == part].mean(axis=0) for part in range(parts.max() + 1)]
    back = plane.at(means)
    # The mean is moved twice, there and back.
    complete = find_covered_pixels(pixels, signal_shape, back)[pixels]
    if not complete.any():
        return True
    # Both are blurred by being shifted.
    still, moved = (
        shift_patterns(patterns, signal_shape, own, used_pixels)[:, covered]
        for own in (0 * shifts, shifts)
    )
    found = [_variance(each[:, complete], parts) for each in (still, moved)]
    halves = [
        _shift_image(moved[half::2].mean(axis=0), pixels, signal_shape, back, complete)
        for half in (0, 1)
    ]
    expected = _expected_variance(halves, np.bincount(parts))
    decrease, expected = found[0] - found[1], max(expected, 0.0)
    if decrease <= _LEAST_FOUND * expected:
        return False
    if plane.rms <= _SURE_ERRORS * plane.rms_error:
        return False
    if decrease < _MOST_FOUND * expected:
        return True
    return _are_pairs_more_alike(still, moved, positions)


def _are_pairs_more_alike(still, moved, positions):
    """Whether patterns far from each other become more alike than neighbours do."""
    unit, extent = neighbour_distance(positions), np.ptp(positions, axis=0).max()
    far = unit * 2.0 ** np.floor(np.log2(max(extent / 3 / unit, 1)))
    pairs = [find_pairs(positions, distance) for distance in (unit, far)]
    if far == unit or not all(len(each.first) for each in pairs):
        return True
    weight = _weigh(still.mean(axis=0, dtype=np.float64))
    before, after = (
        [(np.square(each[i] - each[j]) @ weight).mean() for i, j in pairs]
        for each in (still, moved)
    )
    return bool(after[1] - after[0] < before[1] - before[0])


def _part(positions):
    """Number the parts of the scan that positions lie in; -1 for one that is alone."""
    own = np.arange(len(positions))
    cuts = find_cuts(positions, Pairs(own, own))
    alone = np.bincount(cuts)[cuts] < 2
    parts = np.full(len(positions), -1)
    parts[~alone] = np.unique(cuts[~alone], return_inverse=True)[1]
    return parts


def _weigh(mean):
    return inverse(mean + _FLOOR * mean.mean())


def _variance(patterns, parts):
    """Compute the variance between parts, without that of noise."""
    weight = _weigh(patterns.mean(axis=0, dtype=np.float64))
    n_each = np.bincount(parts)
    sums = np.stack(
        [
            patterns[parts == part].sum(axis=0, dtype=np.float64)
            for part in range(len(n_each))
        ]
    )
    squares = np.bincount(parts, np.square(patterns) @ weight)
    products = (sums * weight) @ sums.T - np.diag(squares)
    n_products = np.outer(n_each, n_each) - np.diag(n_each)
    return _spread(products / n_products, sums.sum(axis=1) / n_each, n_each)


def _expected_variance(halves, n_each):
    """Compute the same of images that are shifted as the parts are.

    Of the mean of either half of the patterns, since their noise is not shared.
    """
    one, other = halves
    weight = _weigh((one + other).mean(axis=0) / 2)
    products = (one * weight) @ other.T
    total = (one + other).sum(axis=1) / 2
    return _spread((products + products.T) / 2, total, n_each)


def _spread(products, totals, n_each):
    """Half the mean square of differences between parts, by products of means."""
    brightness = totals * inverse(np.average(totals, weights=n_each))
    brightness = np.maximum(brightness, MIN_TOTAL)
    products = products / np.outer(brightness, brightness)
    counts = n_each * brightness
    share = np.outer(counts, counts)
    np.fill_diagonal(share, 0)
    share /= share.sum()
    return share.sum(axis=1) @ np.diag(products) - (share * products).sum()


def _shift_image(mean, pixels, signal_shape, shifts, complete):
    """Shift an image by each of some shifts, with the blur that patterns have of it."""
    image = place_pixels(mean, pixels, np.prod(signal_shape)).reshape(signal_shape)
    moved = [ndimage.shift(image, own, order=2, prefilter=False) for own in shifts]
    return np.reshape(moved, (len(shifts), -1))[:, pixels[complete]].astype(np.float64)
