"""Whether the direct beam stands still, told from compressed patterns."""

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators._scaling import inverse

_BEAM_FROM = 0.2


def beam_movement(compressed, used_pixels, signal_shape):
    """How far the direct beam wanders over the detector.

    Parameters
    ----------
    compressed : CompressedPatterns
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels of the compressed patterns lie in the flat detector.
    signal_shape : tuple of int
        (nky, nkx).

    Returns
    -------
    float
        Root mean square over the patterns of the distance, in pixels, between the
        centre of mass of the direct beam and its median; 0 if there is no beam of more
        than one pixel.
    """
    rank = max(compressed.n_significant, 1)
    Q = compressed.Q[:, :rank] * inverse(compressed.row_scale)[:, None]
    B = compressed.B[:rank] * inverse(compressed.column_scale)
    mean = np.zeros(np.prod(signal_shape))
    mean[used_pixels] = Q.mean(axis=0) @ B
    mean = mean.reshape(signal_shape)
    parts, _ = ndimage.label(mean > _BEAM_FROM * mean.max())
    beam = (parts == parts.flat[mean.argmax()]).ravel()
    inside = beam[used_pixels]
    if inside.sum() < 2:
        return 0.0
    position = np.stack(np.unravel_index(used_pixels[inside], signal_shape), axis=1)
    moments = Q @ (B[:, inside] @ np.column_stack([np.ones(len(position)), position]))
    lit = moments[:, 0] > 0.1 * np.median(moments[:, 0])
    if not lit.any():
        return 0.0
    centre = moments[lit, 1:] / moments[lit, :1]
    return float(np.sqrt(((centre - np.median(centre, axis=0)) ** 2).sum(1).mean()))
