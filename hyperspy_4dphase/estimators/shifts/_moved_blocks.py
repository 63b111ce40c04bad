"""Patterns shifted back by parts of a pixel, electron by electron.

Interpolation makes counting noise weaker between pixels than on them, so that noise
would vary over the scan as the shift does. Here each count goes to one of the three
nearest pixels by chance, in the mean exactly where it belongs. Counts that were
independent Poisson numbers are such numbers afterwards, none is negative, and none is
lost. What it costs is a blur, of standard deviation half a pixel along each axis for
every shift: the weights are those of a quadratic B-spline. (With two pixels instead of
three it would vary from none to that, which makes components of its own.)
"""

import numba
import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators._binning import place_pixels

# Counts of a pixel beyond which they are not drawn one by one: a Gaussian is near
# enough to their binomial number then. Historical: chosen by trial.
_MANY = 1000


def shift_patterns(patterns, signal_shape, shifts, used_pixels):
    """Shift patterns over the detector by parts of a pixel.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n, n_used)
        Counts. What is left of a value beside whole counts (readout noise, where the
        data were divided by a gain) is shared out in the proportions of the chances.
    signal_shape : tuple of int
        (nky, nkx).
    shifts : numpy.ndarray, shape (n, 2)
        Along rows and columns, in pixels: positive is towards higher indices.
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Where the pixels lie in the flat detector.

    Returns
    -------
    numpy.ndarray, shape (n, n_used), float32
        The same for the same patterns and shifts, however they are cut into blocks.
        What leaves the detector is lost, and what enters is 0; see
        :func:`find_covered_pixels`.
    """
    images = place_pixels(patterns, used_pixels, np.prod(signal_shape))
    images = images.astype(np.float32).reshape(-1, *signal_shape)
    out = np.zeros(images.shape, np.float32)
    _shift(images, np.ascontiguousarray(shifts, np.float64), out)
    return out.reshape(len(patterns), -1)[:, used_pixels]


def find_covered_pixels(used_pixels, signal_shape, shifts):
    """Find the pixels that are complete in every pattern once they are shifted.

    Parameters
    ----------
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Pixels of the flat detector that are measured.
    signal_shape : tuple of int
        (nky, nkx).
    shifts : numpy.ndarray, shape (n, 2)
        All shifts that occur.

    Returns
    -------
    numpy.ndarray of bool, shape (nky * nkx,)
        True where all that a pixel may be given comes from such pixels.
    """
    used = np.zeros(np.prod(signal_shape), bool)
    used[used_pixels] = True
    # A count goes to the nearest pixel, or to one of those around it.
    inside = ndimage.binary_erosion(used.reshape(signal_shape), np.ones((3, 3)))
    steps = np.floor(np.asarray(shifts) + 0.5)
    steps = np.clip(steps, np.negative(signal_shape), signal_shape).astype(int)
    reach = np.abs(steps).max()
    sources = np.zeros((2 * reach + 1, 2 * reach + 1), bool)
    sources[tuple((reach - steps).T)] = True
    return ndimage.binary_erosion(inside, sources).ravel()


@numba.njit(cache=True, nogil=True)
def _random(state):
    """Next state and a number in [0, 1): splitmix64."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return state, np.float64(z >> np.uint64(11)) / 9007199254740992.0


@numba.njit(cache=True, nogil=True)
def _seed(image, shift):
    """A state that depends on a pattern and its shift alone."""
    state = np.uint64(np.int64(1e6 * shift[0])) * np.uint64(0xD1342543DE82EF95)
    state += np.uint64(np.int64(1e6 * shift[1]))
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            if image[row, column] != 0:
                state ^= np.uint64(np.int64(64 * image[row, column]))
                state *= np.uint64(0x9E3779B97F4A7C15)
                state += np.uint64(row * image.shape[1] + column)
    return state


@numba.njit(cache=True, nogil=True)
def _portion(state, n, chance):
    """Next state and how many of n counts meet a chance; for many, Gaussian."""
    state, u = _random(state)
    state, v = _random(state)
    normal = np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * v)
    mean = n * chance
    found = np.floor(mean + normal * np.sqrt(mean * (1 - chance)) + 0.5)
    return state, min(max(found, 0.0), n)


@numba.njit(cache=True, nogil=True)
def _weights(part):
    """Weights of the three pixels that a value is dealt to along an axis.

    Returns
    -------
    before, nearest, after : float
    """
    return (0.5 - part) ** 2 / 2, 0.75 - part**2, (0.5 + part) ** 2 / 2


@numba.njit(cache=True, nogil=True)
def _deal(state, value, rows, columns, out):
    """Give a value to three by three pixels of `out`, which has a border for all."""
    whole = max(np.floor(value + 0.5), 0.0)
    rest = value - whole
    if rest != 0:
        for a in range(3):
            for b in range(3):
                out[a, b] += rest * rows[a] * columns[b]
    if whole <= _MANY:
        for _ in range(int(whole)):
            state, u = _random(state)
            state, v = _random(state)
            a = (u >= rows[0]) + (u >= rows[0] + rows[1])
            b = (v >= columns[0]) + (v >= columns[0] + columns[1])
            out[a, b] += 1
        return state
    chance = 1.0
    for a in range(3):
        for b in range(3):
            own = rows[a] * columns[b]
            if chance <= own or (a == 2 and b == 2):
                found = whole
            else:
                state, found = _portion(state, whole, own / chance)
            out[a, b] += found
            whole -= found
            chance -= own
    return state


@numba.njit(cache=True, nogil=True)
def _shift(images, shifts, out):
    n, n_rows, n_columns = images.shape
    for k in range(n):
        down = int(np.floor(shifts[k, 0] + 0.5))
        right = int(np.floor(shifts[k, 1] + 0.5))
        rows = _weights(shifts[k, 0] - down)
        columns = _weights(shifts[k, 1] - right)
        state = _seed(images[k], shifts[k])
        # In its border end counts that leave the detector.
        wide = np.zeros((n_rows + 4, n_columns + 4), np.float32)
        for row in range(n_rows):
            for column in range(n_columns):
                value = images[k, row, column]
                i, j = row + down, column + right
                near = -1 <= i <= n_rows and -1 <= j <= n_columns
                if value != 0 and near:
                    corner = wide[i + 1 : i + 4, j + 1 : j + 4]
                    state = _deal(state, value, rows, columns, corner)
        out[k] = wide[2:-2, 2:-2]
