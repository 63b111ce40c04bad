"""Products of patterns with directions on a GPU, added up there.

This module imports torch: it is imported only where a GPU computes.
"""

import numpy as np
import torch
from sklearn.utils import gen_batches

from hyperspy_4dphase.estimators._device_copies import copy_in_background

# Values that are copied and multiplied at once: a few pieces of each block, so that one
# is on its way while another is multiplied.
_TILE_VALUES = 4 * 2**20


class DeviceProducts:
    """Multiplies blocks of patterns, and keeps what is added up on the device.

    Parameters
    ----------
    right : numpy.ndarray, shape (n_pixels, k + 2), float32
        As of :meth:`Scaling.to_columns`.
    scaling : Scaling
    device : torch.device
    """

    def __init__(self, right, scaling, device):
        self._scaling, self._device = scaling, torch.device(device)
        self._right = torch.from_numpy(np.ascontiguousarray(right)).to(self._device)
        self._back = None

    def multiply(self, patterns, backwards=True):
        """Multiply a block of patterns by the directions.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n, n_pixels)
        backwards : bool, optional
            Whether the transposed patterns are multiplied by what comes out, and added
            up.

        Returns
        -------
        Y : numpy.ndarray, shape (n, k), float32
            Products of scaled patterns.
        norms : numpy.ndarray, shape (n,)
            Squared norms of scaled patterns.
        u : numpy.ndarray, shape (n,), float32
            Weights of the patterns.
        noise : numpy.ndarray, shape (n,)
            Expected noise of scaled patterns.
        """
        n, n_pixels = patterns.shape
        size = max(1, _TILE_VALUES // max(n_pixels, 1))
        parts = list(gen_batches(n, size))
        tiles = copy_in_background(((patterns[part],) for part in parts), self._device)
        Y = torch.empty(n, self._right.shape[1] - 2, device=self._device)
        squares = torch.empty(n, device=self._device)
        u, noise = np.empty(n, np.float32), np.empty(n)
        for part, (tile,) in zip(parts, tiles, strict=True):
            tile = tile.float()
            projected = tile @ self._right
            sums, totals = projected[:, -2:].T.cpu().numpy()
            u[part] = self._scaling.row_weights(sums, totals)
            noise[part] = self._scaling.row_noise(u[part], sums)
            squares[part] = tile.square() @ self._right[:, -2]
            root = torch.from_numpy(np.sqrt(u[part])).to(self._device)[:, None]
            Y[part] = root * projected[:, :-2]
            if backwards:
                left = torch.cat([root * Y[part], root.square()], dim=1)
                back = tile.T @ left
                self._back = back if self._back is None else self._back.add_(back)
        norms = u * squares.cpu().numpy().astype(np.float64)
        return Y.cpu().numpy(), norms, u, noise

    def take(self):
        """Give what was added up, and begin anew.

        Returns
        -------
        back : numpy.ndarray, shape (n_pixels, k), float32
            Products of the transposed patterns.
        column_sums : numpy.ndarray, shape (n_pixels,), float32
            Sums of patterns, weighted.
        """
        back, self._back = self._back.cpu().numpy(), None
        return back[:, :-1], back[:, -1]
