"""Loops over the counts of a tile of patterns, ordered by pixel.

A tile is three arrays: `n_in`, how many patterns of the tile have counts in each pixel;
`rows`, the places of these patterns in the tile, pixel by pixel; and `counts`. Each
loop runs through the pixels once and keeps what belongs to the few patterns of the tile
in the processor's cache.
"""

import numba
import numpy as np

# The inner loops run over directions: what has no order may be computed in any.
_compiled = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})


@numba.njit(cache=True, nogil=True)
def collect_counts(patterns, pixels, values, ends):
    """Collect the counts of patterns one after the other.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n, n_pixels)
    pixels, values : numpy.ndarray of int, shape (most + n_pixels,)
        Filled with the counts, and the pixels that they are in.
    ends : numpy.ndarray of int, shape (n + 1,)
        Filled with the places where patterns end.

    Returns
    -------
    int
        The largest count; -1 if there are more than `most`, or other values than whole
        numbers from 0 to 65535.
    """
    n, n_pixels = patterns.shape
    most = pixels.size - n_pixels
    place = largest = 0
    ends[0] = 0
    for i in range(n):
        row = patterns[i]
        first = place
        for j in range(n_pixels):
            # Written in any case: a branch would be guessed wrong too often.
            value = row[j]
            pixels[place] = j
            values[place] = np.uint16(value)
            place += value != 0
        if place > most:
            return -1
        for k in range(first, place):
            if row[pixels[k]] != values[k]:
                return -1
            largest = max(largest, values[k])
        ends[i + 1] = place
    return largest


@numba.njit(cache=True, nogil=True)
def order_by_pixel(pixels, values, ends, n_in, places, rows, counts):
    """Order collected counts by pixel.

    Parameters
    ----------
    pixels, values, ends : numpy.ndarray
        As of :func:`collect_counts`.
    n_in : numpy.ndarray of uint8, shape (n_pixels,)
        0 in all; filled.
    places : numpy.ndarray of int, shape (n_pixels,)
        For what is computed in between.
    rows, counts : numpy.ndarray, shape (n_counts,)
        Filled.
    """
    for k in range(ends[-1]):
        n_in[pixels[k]] += 1
    place = 0
    for j in range(n_in.size):
        places[j] = place
        place += n_in[j]
    for i in range(ends.size - 1):
        for k in range(ends[i], ends[i + 1]):
            j = pixels[k]
            place = places[j]
            rows[place] = i
            counts[place] = values[k]
            places[j] = place + 1


@_compiled
def project(n_in, rows, counts, right, weight, Y, sums, totals, squares):
    """Multiply patterns by directions; add up their counts and the squares of these.

    Parameters
    ----------
    n_in, rows, counts : numpy.ndarray
        A tile.
    right : numpy.ndarray of float32, shape (n_pixels, k)
    weight : numpy.ndarray of float32, shape (n_pixels,)
    Y : numpy.ndarray of float32, shape (n, k)
        The products are added to it.
    sums, totals, squares : numpy.ndarray of float64, shape (n,)
        The weighted sums of counts, those without weights, and the weighted sums of
        their squares are added to these.
    """
    k = right.shape[1]
    place = 0
    for j in range(n_in.size):
        direction = right[j]
        own = weight[j]
        for _ in range(n_in[j]):
            count = np.float32(counts[place])
            i = rows[place]
            row = Y[i]
            for c in range(k):
                row[c] += count * direction[c]
            sums[i] += count * own
            totals[i] += count
            squares[i] += count * count * own
            place += 1


@_compiled
def project_back(n_in, rows, counts, left, u, back, column_sums):
    """Multiply the transposed patterns by directions among them, and by weights.

    Parameters
    ----------
    n_in, rows, counts : numpy.ndarray
        A tile.
    left : numpy.ndarray of float32, shape (n, k)
    u : numpy.ndarray of float32, shape (n,)
    back : numpy.ndarray of float32, shape (n_pixels, k)
        The products are added to it.
    column_sums : numpy.ndarray of float32, shape (n_pixels,)
        The sums weighted by `u` are added to it.
    """
    k = left.shape[1]
    place = 0
    for j in range(n_in.size):
        total = back[j]
        own = np.float32(0)
        for _ in range(n_in[j]):
            count = np.float32(counts[place])
            i = rows[place]
            row = left[i]
            for c in range(k):
                total[c] += count * row[c]
            own += count * u[i]
            place += 1
        column_sums[j] += own


@_compiled
def add_up(n_in, rows, counts, weights, pixel_sums, totals, weighted):
    """Add up counts over patterns and over pixels.

    Parameters
    ----------
    n_in, rows, counts : numpy.ndarray
        A tile.
    weights : numpy.ndarray of float64, shape (n_pixels,)
    pixel_sums : numpy.ndarray of float64, shape (n_pixels,)
        The sums over patterns are added to it.
    totals, weighted : numpy.ndarray of float64, shape (n,)
        The sums over pixels, and these with `weights`, are added to these.
    """
    place = 0
    for j in range(n_in.size):
        own = 0.0
        for _ in range(n_in[j]):
            count = np.float64(counts[place])
            i = rows[place]
            own += count
            totals[i] += count
            weighted[i] += count * weights[j]
            place += 1
        pixel_sums[j] += own


@_compiled
def weigh(n_in, rows, counts, u, pixel_sums):
    """Add up counts over patterns, weighted.

    Parameters
    ----------
    n_in, rows, counts : numpy.ndarray
        A tile.
    u : numpy.ndarray of float64, shape (n,)
    pixel_sums : numpy.ndarray of float64, shape (n_pixels,)
        The sums are added to it.
    """
    place = 0
    for j in range(n_in.size):
        own = 0.0
        for _ in range(n_in[j]):
            own += counts[place] * u[rows[place]]
            place += 1
        pixel_sums[j] += own


@numba.njit(cache=True, nogil=True)
def take_together(n_in, rows, counts, group, total):
    """Add up counts over groups of pixels.

    Parameters
    ----------
    n_in, rows, counts : numpy.ndarray
        A tile.
    group : numpy.ndarray of int, shape (n_pixels,)
    total : numpy.ndarray, shape (n_groups, n)
        The sums are added to it.
    """
    place = 0
    for j in range(n_in.size):
        own = total[group[j]]
        for _ in range(n_in[j]):
            own[rows[place]] += counts[place]
            place += 1


@numba.njit(cache=True, nogil=True)
def unpack(n_in, rows, counts, target, patterns):
    """Put the counts of some patterns where they belong.

    Parameters
    ----------
    n_in, rows, counts : numpy.ndarray
        A tile.
    target : numpy.ndarray of int, shape (n,)
        Where in `patterns` each pattern is; -1 for those that are left out.
    patterns : numpy.ndarray, shape (n_taken, n_pixels)
        0 in all; filled.
    """
    place = 0
    for j in range(n_in.size):
        for _ in range(n_in[j]):
            i = target[rows[place]]
            if i >= 0:
                patterns[i, j] = counts[place]
            place += 1
