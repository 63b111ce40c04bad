"""How colours look to normal eyes and to the colour-blind, in OKLab.

Distances in OKLab (B. Ottosson, https://bottosson.github.io/posts/oklab, 2020) are
close to what is seen.
"""

import numpy as np

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# Machado, Oliveira, Fernandes, IEEE Trans. Vis. Comput. Graph. 15 (2009): what is left
# of linear RGB without red and without green cones.
_BLINDNESS = np.array(
    [
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ]
)


def as_seen(rgb):
    """OKLab of colours for normal eyes, without red and without green cones.

    Parameters
    ----------
    rgb : numpy.ndarray, shape (n_colors, 3)

    Returns
    -------
    numpy.ndarray, shape (3, n_colors, 3)
    """
    rgb = np.asarray(rgb, dtype=float)
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    kinds = [linear, *(np.clip(linear @ loss.T, 0, 1) for loss in _BLINDNESS)]
    return np.cbrt(np.stack(kinds) @ _TO_CONES.T) @ _TO_OKLAB.T
