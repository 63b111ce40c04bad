"""How right a factorization is."""

import numpy as np
from scipy.optimize import linear_sum_assignment

_ROWS = 512


def map_cosines(found, true):
    """Cosine of each true map to the map found that is matched to it.

    Each map found is given to at most one true map, such that the sum of the cosines
    is largest; a true map that is left without any has 0.

    Parameters
    ----------
    found : numpy.ndarray, shape (n_patterns, n_found)
    true : numpy.ndarray, shape (n_patterns, n_true)

    Returns
    -------
    numpy.ndarray, shape (n_true,)
    """
    found, true = (
        maps / np.maximum(np.linalg.norm(maps, axis=0), np.finfo(float).tiny)
        for maps in (np.nan_to_num(found).astype(float), np.asarray(true, dtype=float))
    )
    cosines = true.T @ found
    matched = np.zeros(true.shape[1])
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    matched[rows] = cosines[rows, columns]
    return matched


def relative_residual(data, row_scale, column_scale, maps, patterns):
    """Norm of what the model leaves, in parts of that of the data, both scaled.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array, shape (ny, nx, nky, nkx)
    row_scale, column_scale : numpy.ndarray, shape (n_patterns,) and (n_pixels,)
    maps : numpy.ndarray, shape (n_patterns, n_components)
        In units of the data.
    patterns : numpy.ndarray, shape (n_components, n_pixels)

    Returns
    -------
    float
    """
    scaled = (patterns * column_scale).astype(np.float32)
    maps = (maps * row_scale[:, np.newaxis]).astype(np.float32)
    column_scale = column_scale.astype(np.float32)
    row_scale = row_scale.astype(np.float32)
    left = total = 0.0
    for start, X in _rows(data):
        rows = slice(start, start + len(X))
        X = X.astype(np.float32) * row_scale[rows, np.newaxis] * column_scale
        total += np.vdot(X, X).astype(float)
        X -= maps[rows] @ scaled
        left += np.vdot(X, X).astype(float)
    return float(np.sqrt(left / total))


def _rows(data):
    """Pieces of some patterns, and the number of the first; dask data by chunks."""
    chunks = getattr(data, "chunks", None)
    per_row, first = data.shape[1], 0
    for size in chunks[0] if chunks else (data.shape[0],):
        part = np.asarray(data[first : first + size]).reshape(size * per_row, -1)
        for start in range(0, len(part), _ROWS):
            yield first * per_row + start, part[start : start + _ROWS]
        first += size
