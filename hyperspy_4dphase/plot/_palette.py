"""Colours of domains and of positions in the latent plane, fit for colour-blind eyes.

Distances between colours are taken in OKLab ([1]_), where they are close to what is
seen.

References
----------
.. [1] B. Ottosson, A perceptual color space for image processing (2020),
   https://bottosson.github.io/posts/oklab.
"""

from functools import lru_cache
from itertools import product

import numpy as np

UNASSIGNED = np.array([0.62, 0.62, 0.62])
PALE = np.array([0.89, 0.89, 0.89])

# What the choice of domain colours goes through before it begins to repeat itself.
_MOST_COLORS = 240
# Okabe and Ito's, without black, the calm ones first: domain 0 is the largest.
_FIRST = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#0072b2", "#d55e00", "#f0e442")
# The corners of the latent plane. From left to right blue turns to yellow and upwards
# dark to light: what the three kinds of colour blindness lose is neither of both.
_CORNERS = (("#33259c", "#c4233f"), ("#1fb8c4", "#f7d54a"))

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


def domain_colors(n_domains):
    """One colour for each domain, the same for the same label in every figure.

    Parameters
    ----------
    n_domains : int
        Beyond 240, colours come again.

    Returns
    -------
    numpy.ndarray, shape (n_domains, 3)
        Red, green and blue in [0, 1]. Some fifteen are told apart at a glance, also by
        the colour-blind; all differ from each other, from white and from the greys of
        what is unassigned or not selected.
    """
    n_chosen = 1 << max(4, int(n_domains).bit_length())
    chosen = _chosen_colors(min(n_chosen, _MOST_COLORS))
    return chosen[np.arange(n_domains) % len(chosen)]


def position_colors(points):
    """Colours that change evenly with the position in the latent plane.

    Parameters
    ----------
    points : numpy.ndarray, shape (n_points, 2)
        The few that lie furthest out (1 % on each side) share the colour of the rim.

    Returns
    -------
    numpy.ndarray, shape (n_points, 3)
        Red, green and blue in [0, 1].
    """
    low, high = np.percentile(points, (1, 99), axis=0)
    span = np.where(high > low, high - low, 1)
    x, y = np.clip((points - low) / span, 0, 1).T[..., None]
    (lower_left, lower_right), (upper_left, upper_right) = to_oklab(
        np.array([[_from_hex(color) for color in row] for row in _CORNERS])
    )
    lower = (1 - x) * lower_left + x * lower_right
    upper = (1 - x) * upper_left + x * upper_right
    return from_oklab((1 - y) * lower + y * upper)


def dimmed(colors, share):
    """Colours of what is shown by `share`, and pale otherwise.

    Parameters
    ----------
    colors : numpy.ndarray, shape (..., 3)
    share : numpy.ndarray, shape (...)
        In [0, 1].

    Returns
    -------
    numpy.ndarray, shape (..., 3)
    """
    share = share[..., None]
    return share * colors + (1 - share) * (PALE + 0.12 * (colors - PALE))


def to_oklab(rgb):
    """Lightness, green to red and blue to yellow of sRGB colours in [0, 1]."""
    return _linear_to_oklab(_to_linear(rgb))


def from_oklab(lab):
    """The sRGB colours nearest to those of :func:`to_oklab`."""
    linear = (lab @ np.linalg.inv(_TO_OKLAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T
    linear = np.clip(linear, 0, 1)
    return np.where(
        linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear
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
    linear = _to_linear(rgb)
    kinds = [linear, *(np.clip(linear @ loss.T, 0, 1) for loss in _BLINDNESS)]
    return np.stack([_linear_to_oklab(kind) for kind in kinds])


@lru_cache
def _chosen_colors(n_colors):
    """The first ones, then always the candidate furthest from all chosen before."""
    levels = np.linspace(0, 1, 17)
    candidates = np.array(list(product(levels, repeat=3)))
    lightness, *ab = to_oklab(candidates).T
    # Neither too dark to have a hue, nor lost on white, nor glaring, nor grey.
    chroma = np.hypot(*ab)
    fit = (0.32 < lightness) & (lightness < 0.9) & (0.04 < chroma) & (chroma < 0.2)
    candidates = candidates[fit]
    seen = as_seen(candidates)

    chosen = [_from_hex(color) for color in _FIRST][:n_colors]
    nearest = np.full(len(candidates), np.inf)
    for color in [np.ones(3), UNASSIGNED, PALE, *chosen]:
        nearest = np.minimum(nearest, _distance(seen, color))
    while len(chosen) < n_colors:
        chosen.append(candidates[np.argmax(nearest)])
        nearest = np.minimum(nearest, _distance(seen, chosen[-1]))
    colors = np.array(chosen)
    colors.setflags(write=False)
    return colors


def _distance(seen, color):
    """To a colour, for the eyes that tell it apart the least; normal eyes want more."""
    distance = np.linalg.norm(seen - as_seen(color[None]), axis=-1)
    return np.minimum(0.5 * distance[0], distance[1:].min(axis=0))


def _linear_to_oklab(linear):
    return np.cbrt(linear @ _TO_CONES.T) @ _TO_OKLAB.T


def _to_linear(rgb):
    rgb = np.asarray(rgb, dtype=float)
    return np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)


def _from_hex(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
