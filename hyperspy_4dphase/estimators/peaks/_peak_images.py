"""Peaks as images on a grid that all patterns share."""

from itertools import product

import numpy as np
from scipy.sparse import coo_array


def draw_peaks(pattern, rows, columns, weights, n_patterns, shape):
    """Draw the peaks of each pattern into an image.

    A peak is shared by the four pixels around it in proportion to how near it is
    (bilinear weights), so that images change continuously with positions, and the sum
    of an image is that of its weights. What lies outside is left out; of a peak
    half a pixel outside, half.

    Parameters
    ----------
    pattern : array_like of int, shape (n_peaks,)
        Which pattern each peak is of.
    rows, columns : array_like of float, shape (n_peaks,)
        Positions in pixels of the image; whole numbers are centres of pixels. Peaks at
        NaN are of no pixel.
    weights : array_like of float, shape (n_peaks,)
        Intensities, say.
    n_patterns : int
    shape : tuple of int
        Of an image.

    Returns
    -------
    numpy.ndarray of float32, shape (n_patterns, *shape)

    Examples
    --------
    >>> draw_peaks([0], [1.0], [0.25], [8.0], 1, (3, 2))
    array([[[0., 0.],
            [6., 2.],
            [0., 0.]]], dtype=float32)
    """
    pattern = np.asarray(pattern, dtype=np.int64)
    rows, columns = np.asarray(rows, float), np.asarray(columns, float)
    weights = np.asarray(weights, float)
    n_rows, n_columns = shape
    # Rounded up to far outside: integers have no infinity.
    inside = (rows > -1) & (rows < n_rows) & (columns > -1) & (columns < n_columns)
    pattern, rows, columns = pattern[inside], rows[inside], columns[inside]
    weights = weights[inside]
    low_row, low_column = np.floor(rows).astype(int), np.floor(columns).astype(int)
    found, pixels, values = [], [], []
    for down, right in product((0, 1), repeat=2):
        row, column = low_row + down, low_column + right
        near = (1 - np.abs(rows - row)) * (1 - np.abs(columns - column))
        on = (row >= 0) & (row < n_rows) & (column >= 0) & (column < n_columns)
        found.append(pattern[on])
        pixels.append(row[on] * n_columns + column[on])
        values.append((weights * near)[on])
    where = np.concatenate(found), np.concatenate(pixels)
    size = n_patterns, n_rows * n_columns
    # Entries at the same place are added up.
    images = coo_array((np.concatenate(values), where), shape=size).tocsr()
    return images.astype(np.float32).toarray().reshape(n_patterns, n_rows, n_columns)
