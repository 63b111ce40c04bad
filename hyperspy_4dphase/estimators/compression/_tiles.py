"""Parts of a block that are worked on at once, in single precision."""

from sklearn.utils import gen_batches

# Fits the cache of a core.
_TILE_BYTES = 2**20
# Patterns of a tile: with fewer, matrix products run at less than full speed.
_TILE_ROWS = 128


def cut_tiles(shape):
    """Cut a block into tiles of some patterns and some pixels.

    Parameters
    ----------
    shape : tuple of int
        (n_patterns, n_pixels).

    Returns
    -------
    list of tuple
        A slice of patterns, and the slices of pixels of its tiles.
    """
    n, n_pixels = shape
    n_rows = max(1, min(n, _TILE_ROWS, _TILE_BYTES // 4))
    width = max(1, _TILE_BYTES // (4 * n_rows))
    slabs = list(gen_batches(n_pixels, width))
    return [(part, slabs) for part in gen_batches(n, n_rows)]
