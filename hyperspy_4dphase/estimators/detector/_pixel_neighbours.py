"""The neighbours of a pixel, on a detector of which some pixels are not used."""

import numpy as np
from scipy import ndimage

# Rows and columns to the eight neighbours, and to the pixels around these.
STEPS = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0))
OUTER_STEPS = tuple(
    (y, x) for y in range(-2, 3) for x in range(-2, 3) if 2 in (abs(y), abs(x))
)
# Gaps between modules are narrower than this.
_WIDEST_GAP = 8


class PixelNeighbours:
    """Numbers of the used pixels around each of them.

    Parameters
    ----------
    shape : tuple of int
        Of the detector: (n_ky, n_kx). Other shapes are taken for a single row.
    used : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels lie in the flat detector.
    """

    def __init__(self, shape, used):
        self.shape = shape if len(shape) == 2 else (1, np.prod(shape))
        self.used = used
        number = np.full(self.shape, -1)
        number.flat[used] = np.arange(used.size)
        # Beyond the edge there is none, however far.
        self._number = np.pad(number, _WIDEST_GAP + 1, constant_values=-1)

    def to_image(self, values, fill=0.0):
        """Values of the used pixels on the detector.

        Parameters
        ----------
        values : numpy.ndarray, shape (n_pixels,)
        fill : float
            Value of the pixels that are not used.

        Returns
        -------
        numpy.ndarray of float, shape (n_ky, n_kx)
        """
        image = np.full(self.shape, fill)
        image.flat[self.used] = values
        return image

    def find_second_brightest(self, values, pixels):
        """Second largest value among the eight neighbours of some pixels.

        Parameters
        ----------
        values : numpy.ndarray, shape (n_pixels,)
        pixels : numpy.ndarray of int, shape (n,)

        Returns
        -------
        numpy.ndarray, shape (n,)
            Minus infinity where there are fewer than two neighbours.
        """
        near = self.find(pixels)
        return np.sort(np.where(near >= 0, values[near], -np.inf), axis=1)[:, -2]

    def find(self, pixels=None, steps=STEPS):
        """The neighbours of some pixels, or of all.

        Parameters
        ----------
        pixels : numpy.ndarray of int, shape (n,), optional
            Their numbers among the used ones.
        steps : sequence of (int, int)
            Rows and columns to the neighbours.

        Returns
        -------
        numpy.ndarray of int, shape (n, n_steps)
            Numbers among the used ones; -1 where there is none.
        """
        row, column = self._places(pixels)
        return np.stack([self._number[row + y, column + x] for y, x in steps], axis=1)

    def find_next(self, pixels):
        """The eight neighbours; beyond pixels that are not used, the next that is.

        Parameters
        ----------
        pixels : numpy.ndarray of int, shape (n,)

        Returns
        -------
        numpy.ndarray of int, shape (n, 8)
            -1 where there is none up to the edge, or beyond a gap of 8 pixels.
        """
        near = self.find(pixels)
        missing = np.flatnonzero((near < 0).any(axis=1))
        row, column = (place[missing] for place in self._places(pixels))
        for side, (y, x) in enumerate(STEPS):
            found = near[missing, side]
            for far in range(2, _WIDEST_GAP + 2):
                beyond = self._number[row + far * y, column + far * x]
                found = np.where(found < 0, beyond, found)
            near[missing, side] = found
        return near

    def find_beside_missing(self):
        """Which of the used pixels have a neighbour on the detector that is not used.

        Returns
        -------
        numpy.ndarray of bool, shape (n_pixels,)
        """
        missing = self.to_image(np.zeros(self.used.size), 1.0) > 0
        return ndimage.binary_dilation(missing, np.ones((3, 3))).flat[self.used]

    def find_central(self):
        """Which of the used pixels lie in the middle third of both sides.

        Returns
        -------
        numpy.ndarray of bool, shape (n_pixels,)
        """
        place = np.stack(np.unravel_index(self.used, self.shape), axis=1)
        off = np.abs(place - (np.array(self.shape) - 1) / 2)
        return (off <= np.array(self.shape) / 6).all(axis=1)

    def drop_beside_gaps(self, found):
        """Without those beside missing pixels, where most are: spots are cut there.

        In the middle of the detector, beside missing pixels, the direct beam may be
        cut.

        Parameters
        ----------
        found : numpy.ndarray of bool, shape (n_used,)

        Returns
        -------
        numpy.ndarray of bool, shape (n_used,)
        """
        beside = found & self.find_beside_missing()
        if beside.sum() > max(2, (found & ~beside).sum()):
            return found & ~beside
        return found & ~(beside & self.find_central())

    def _places(self, pixels):
        used = self.used if pixels is None else self.used[pixels]
        row, column = np.unravel_index(used, self.shape)
        return row + _WIDEST_GAP + 1, column + _WIDEST_GAP + 1


def close_gaps(mask, width):
    """Binary closing with a square, which may reach beyond the edge.

    Parameters
    ----------
    mask : numpy.ndarray of bool, shape (n_ky, n_kx)
    width : int
        Of the square, in pixels.

    Returns
    -------
    numpy.ndarray of bool, shape (n_ky, n_kx)
    """
    closed = ndimage.binary_closing(np.pad(mask, width), np.ones((width, width)))
    return closed[width:-width, width:-width]
