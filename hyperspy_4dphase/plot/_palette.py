"""Colours of domains and of latent positions, fit for colour-blind eyes."""

import numpy as np
from matplotlib.colors import to_rgba_array
from scipy.interpolate import interpn


def _read_colors(text):
    return to_rgba_array([f"#{color}" for color in text.split()])[:, :3]


UNASSIGNED = np.array([0.62, 0.62, 0.62])
PALE = np.array([0.89, 0.89, 0.89])

# First Okabe and Ito's without black, the calm ones ahead: domain 0 is the largest.
# Then always the colour that is furthest in OKLab from all before it, from white and
# from the greys, for the eyes that tell it apart the least: normal ones, and those
# without red or green cones. tests/plot/test_palette.py measures these distances.
_DOMAIN_COLORS = _read_colors("""
    56b4e9 e69f00 009e73 cc79a7 0072b2 d55e00 f0e442 601020 20108f 006000 af1070 20df8f
    8f70ef 70309f 8f6050 af1000 303050 ffafcf 70dfff ff80df 500070 006060 ff6070 3040bf
    afefaf 9fbf60 70608f af40af 704040 008f00 5060df 408fcf 60808f ffbf50 cf60cf af8050
    70bfaf bf80ff 9fbfff ef8040 104080 efbf9f 603000 00dfcf 801070 8f9f20 009faf 9fdf70
    004040 af9fcf 50109f 309fff bf9fff af5070 cf9f8f 407030 800030 ff9f60 efdf8f df508f
    50508f 8f4050 50af70 708040 8f308f ffbfff 008060 503060 8060bf 80dfaf 700050 cfbf20
    6050bf 50afbf 8f70af af4030 cfbf80 00ffcf 705070 ef9faf 206080 404020 9f80df 9fcfbf
    6080ff 503030 703050 bf509f cf4000 8f2030 df808f 402060 30609f 507080 ef8f80 808f60
    7070df afdfdf bfef70 9f7080 bfaf40 bf6050 005060 af709f 5030af 3070cf af9f50 00308f
    4050af df8fef cfafbf 801000 cfdf00 0060cf bfcfef 700080 804010 604080 cfafef 8f8fbf
""")
# A chart of the latent plane, its lowest row first. From left to right blue turns to
# yellow and upwards dark to light: what the three kinds of colour blindness lose is
# neither of both.
_CHART = _read_colors("""
    33259c 563589 7a3975 9f355e c4233f
    334fa8 605a95 885f7f ae5f66 d55b44
    3173b3 687c9f 938289 bc856e e38548
    2b96bc 6e9fa8 9ca690 c6ab74 eead4a
    1fb8c4 71c2af a3ca97 ced078 f7d54a
""").reshape(5, 5, 3)


def domain_colors(n_domains):
    """Give each domain its colour, the same for the same label in every figure.

    Parameters
    ----------
    n_domains : int
        Beyond 120, colours come again.

    Returns
    -------
    numpy.ndarray, shape (n_domains, 3)
        Red, green and blue in [0, 1]. Some fifteen are told apart at a glance, also by
        the colour-blind; all differ from each other, from white and from the greys of
        what is unassigned or not selected.
    """
    return _DOMAIN_COLORS[np.arange(n_domains) % len(_DOMAIN_COLORS)]


def position_colors(points):
    """Give points colours that change evenly with the position in the latent plane.

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
    places = np.clip((points - low) / span, 0, 1)
    grid = np.linspace(0, 1, len(_CHART))
    return interpn((grid, grid), _CHART, places[:, ::-1])


def dim(colors, strength):
    """Turn colours pale where the strength is low.

    Parameters
    ----------
    colors : numpy.ndarray, shape (..., 3)
    strength : numpy.ndarray, shape (...)
        In [0, 1]: 1 leaves a colour as it is, 0 leaves hardly any of it.

    Returns
    -------
    numpy.ndarray, shape (..., 3)
    """
    strength = strength[..., None]
    return strength * colors + (1 - strength) * (PALE + 0.12 * (colors - PALE))
