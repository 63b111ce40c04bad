"""Mean patterns of vacuum, a glass and crystals. All dimensions differ."""

import numpy as np
from scipy.special import erfc

SHAPE, CENTER, HALO_RADIUS = (61, 74), (31.4, 35.8), 17.0


def polar(shape=SHAPE, center=CENTER, ellipse=0.0, angle=30.0):
    """Radius, an ellipse taken out, and azimuth of each pixel."""
    rows, columns = np.indices(shape, dtype=float)
    y, x = rows - center[0], columns - center[1]
    phi = np.arctan2(y, x)
    stretch = 1 + 0.5 * ellipse * np.cos(2 * (phi - np.deg2rad(angle)))
    return np.hypot(y, x) / stretch, phi


def beam(shape=SHAPE, center=CENTER, radius=2.0):
    """A disc of sum 1 with faint tails."""
    r, _ = polar(shape, center)
    disc = erfc(r - radius)
    tails = (r**2 + 2**2) ** -1.5
    return 0.99 * disc / disc.sum() + 0.01 * tails / tails.sum()


def halo(shape=SHAPE, center=CENTER, ellipse=0.0):
    """Two halos on what falls off, of sum 1."""
    r, _ = polar(shape, center, ellipse)
    first = np.exp(-0.5 * ((r - HALO_RADIUS) / (0.09 * HALO_RADIUS)) ** 2)
    second = np.exp(-0.5 * ((r - 1.7 * HALO_RADIUS) / (0.15 * HALO_RADIUS)) ** 2)
    image = first + 0.3 * second + 0.4 * np.exp(-r / 12)
    return image / image.sum()


def diffuse(shape=SHAPE, center=CENTER, ellipse=0.0):
    """What falls off, of sum 1."""
    r, _ = polar(shape, center, ellipse)
    image = np.exp(-r / 8) + 0.3 * np.exp(-((r / 20) ** 2))
    return image / image.sum()


def spots(shape=SHAPE, center=CENTER, spacing=9.0, turn=10.0, radius=2.0):
    """Discs of a square lattice, of sum 1."""
    angle, image = np.deg2rad(turn), 0
    for h, k in np.indices((9, 9)).reshape(2, -1).T - 4:
        if h or k:
            x = spacing * (h * np.cos(angle) - k * np.sin(angle))
            y = spacing * (h * np.sin(angle) + k * np.cos(angle))
            r, _ = polar(shape, (center[0] + y, center[1] + x))
            image = image + np.exp(-(h**2 + k**2) / 8) * erfc(r - radius)
    return image / image.sum()


def mean_pattern(kind, scattered=0.4, **options):
    """Expected pattern of sum 1 of a kind."""
    glass = halo(**options)
    shape = {k: v for k, v in options.items() if k != "ellipse"}
    crystal = 0.6 * spots(**shape) + 0.4 * diffuse(**options)
    images = {
        "vacuum": 0 * glass,
        "amorphous": glass,
        "crystalline": crystal,
        "mixed": 0.5 * glass + 0.5 * crystal,
    }
    share = 0 if kind == "vacuum" else scattered
    return (1 - share) * beam(**shape) + share * images[kind]


def draw(kind, counts, seed=0, **options):
    """Counts of a mean pattern."""
    rng = np.random.default_rng(seed)
    return rng.poisson(counts * mean_pattern(kind, **options)).astype(float)
