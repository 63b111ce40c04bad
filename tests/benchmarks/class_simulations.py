"""Random mean patterns of known class: what the constants of classes come from.

None of them is of a scene that the benchmark judges by: halos, crystals, tails,
detectors, doses and sizes are drawn anew for each seed.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from orix.quaternion import Rotation
from scipy.ndimage import gaussian_filter, shift

from hyperspy_4dphase import data
from hyperspy_4dphase.data import Camera, structure, zone_rotation
from hyperspy_4dphase.data._crystalline import crystal_spots
from hyperspy_4dphase.data._scattering import (
    inelastic_background,
    thermal_background,
)

CLASSES = ("vacuum", "amorphous", "crystalline", "mixed")
_CRYSTALS = ("NMC622", "Si", "Al", "Fe", "SrTiO3", "TiO2", "SiO2", "LGPS")
# What one kind must have of the scattered counts to be there, in a mixture.
_LEAST_SHARE = 0.15
_MARGIN = 8


@dataclass
class SimulatedMean:
    """A mean pattern and what is known of it.

    Attributes
    ----------
    mean, variance : numpy.ndarray, shape (n_ky, n_kx)
        In the detector's units, and the noise variance of the mean.
    gain, readout : float
        Of one pattern.
    n_patterns : int
    used : numpy.ndarray of bool
    truth : str
    crystalline : float
        Fraction of the scattered counts that is of crystals; NaN of vacuum.
    speckle : float
        Relative contrast.
    """

    mean: np.ndarray
    variance: np.ndarray
    gain: float
    readout: float
    n_patterns: int
    used: np.ndarray
    truth: str
    crystalline: float
    spots: float
    speckle: float
    center: tuple
    options: dict


@lru_cache
def _structure(name):
    return structure(name)


def simulate_mean(seed):
    """Draw one mean pattern."""
    rng = np.random.default_rng([seed, 77])
    shape = tuple(int(n) for n in rng.integers(48, 129, 2))
    # A margin, so that a pattern that is shifted has all of it.
    camera = Camera(
        signal_shape=tuple(n + 2 * _MARGIN for n in shape),
        scale=rng.uniform(1.2, 3.0) / min(shape),
        convergence=rng.uniform(0.4, 2.0),
        ellipticity=rng.uniform(0, 0.05) * (rng.random() < 0.6),
        ellipse_angle=rng.uniform(0, 180),
    )
    truth = CLASSES[rng.choice(4, p=[0.2, 0.3, 0.3, 0.2])]
    n_patterns = int(10 ** rng.uniform(0.7, 4))
    total = 10 ** rng.uniform(2, 7)
    beam, image, crystalline, in_spots, speckle = _draw(rng, camera, truth, n_patterns)
    scattered = 10 ** rng.uniform(np.log10(0.05), np.log10(0.9))
    tails = _draw_tails(rng, camera)
    tail_share = 10 ** rng.uniform(-3, np.log10(0.05))
    if truth == "vacuum":
        scattered = rng.uniform(0, 0.01) * (rng.random() < 0.5)
    pattern = (1 - scattered) * ((1 - tail_share) * beam + tail_share * tails)
    pattern += scattered * image
    pattern, center = _move(rng, camera, pattern)
    gain, readout = 1.0, 0.0
    if rng.random() < 0.3:
        gain, readout = rng.uniform(2, 30), rng.uniform(0, 20)
        if total / n_patterns < 100:
            readout = 0.0
    expected = total * pattern
    if rng.random() < 0.3:
        expected = gaussian_filter(expected, 0.6)
    counts = rng.poisson(expected) * gain
    counts = counts + rng.normal(0, 1, shape) * np.sqrt(readout * n_patterns)
    used = _draw_mask(rng, shape, center)
    counts = np.where(used, counts, 0.0)
    mean = counts / n_patterns
    variance = (np.maximum(mean, 0) * gain + readout) / n_patterns
    options = {"total": total, "scattered": scattered, "tails": tail_share}
    return SimulatedMean(
        mean,
        variance,
        gain,
        readout,
        n_patterns,
        used,
        truth,
        crystalline,
        in_spots,
        speckle,
        center,
        options,
    )


def _draw(rng, camera, truth, n_patterns):
    """Beam, scattered image of sum 1, crystalline fraction, share in spots, speckle."""
    beam = camera.discs([(0.0, 0.0)], [1.0])
    beam /= beam.sum()
    glass = _draw_glass(rng, camera, truth != "mixed")
    speckle = 0.0
    if rng.random() < 0.6:
        # Neighbouring positions share it: so many patterns are independent.
        speckle = rng.uniform(0.02, 0.15) / np.sqrt(max(n_patterns / 6, 1))
        disc = max(camera.disc_radius / camera.scale, 0.8)
        field = gaussian_filter(rng.standard_normal(glass.shape), 0.7 * disc)
        glass = glass * np.clip(1 + speckle * field / field.std(), 0.2, None)
        glass /= glass.sum()
    if truth == "vacuum":
        kind = glass if rng.random() < 0.5 else _draw_crystal(rng, camera)[0]
        return beam, kind, np.nan, 0.0, 0.0
    if truth == "amorphous":
        return beam, glass, 0.0, 0.0, speckle
    crystal, spots = _draw_crystal(rng, camera)
    if truth == "crystalline":
        return beam, crystal, 1.0, spots, 0.0
    share = rng.uniform(_LEAST_SHARE, 1 - _LEAST_SHARE)
    image = share * crystal + (1 - share) * glass
    return beam, image, share, share * spots, speckle


def _draw_tails(rng, camera):
    q = camera.radius()
    kind = rng.integers(3)
    if kind == 0:
        tails = inelastic_background(q, rng.uniform(0.02, 0.08))
    elif kind == 1:
        tails = np.exp(-q / rng.uniform(0.03, 0.12))
    else:
        tails = (q**2 + rng.uniform(0.02, 0.06) ** 2) ** -rng.uniform(1.0, 2.0)
    return tails / tails.sum()


def _draw_background(rng, camera, name):
    """Diffuse scattering that falls off."""
    q = camera.radius()
    thermal = thermal_background(_structure(name).structure.composition, q)
    fast = inelastic_background(q, rng.uniform(0.05, 0.15))
    slow = np.exp(-q / rng.uniform(0.15, 0.5))
    wide = np.exp(-((q / rng.uniform(0.4, 0.9)) ** 2))
    parts = [x / x.sum() for x in (thermal, fast, slow, wide)]
    return np.tensordot(rng.dirichlet(np.ones(4)), parts, 1)


def _draw_glass(rng, camera, may_lack_halos):
    """Halos, or in one of eight nothing but what falls off; of sum 1."""
    q = camera.radius()
    kind = rng.random()
    smooth = _draw_background(rng, camera, rng.choice(_CRYSTALS))
    if kind < 0.12 and may_lack_halos:
        return smooth / smooth.sum()
    if kind < 0.35:
        name = rng.choice(["SiO2", "TiO2", "LGPS", "Si", "Fe"])
        halos = data.amorphous_pattern(
            _structure(name),
            camera,
            disorder=rng.uniform(0.08, 0.2),
            direct=0.0,
            diffuse=0.0,
        )
    else:
        first = rng.uniform(0.2, 0.5)
        width = rng.uniform(0.06, 0.14) * first
        halos = np.exp(-0.5 * ((q - first) / width) ** 2)
        second = first * rng.uniform(1.6, 1.85)
        halos += rng.uniform(0.1, 0.5) * np.exp(
            -0.5 * ((q - second) / (1.6 * width)) ** 2
        )
        third = first * rng.uniform(1.95, 2.6)
        halos += rng.uniform(0, 0.2) * np.exp(-0.5 * ((q - third) / (2.2 * width)) ** 2)
    share = rng.uniform(0.25, 0.8)
    image = share * halos / halos.sum() + (1 - share) * smooth
    return image / image.sum()


def _draw_crystal(rng, camera):
    """Image of sum 1, and the share of it in spots, at least 5 %."""
    for _ in range(20):
        name = rng.choice(_CRYSTALS)
        phase = _structure(name)
        zone = rng.integers(-2, 3, 3)
        if rng.random() < 0.5 and np.any(zone):
            base = zone_rotation(phase, zone, rng.uniform(0, 360))
        else:
            base = Rotation(rng.normal(size=4))
        thickness = rng.uniform(5, 40)
        n_turns = 1
        if rng.random() < 0.25:
            n_turns = int(rng.integers(2, 13))
        spread = rng.uniform(2, 40) if n_turns > 1 else 0.0
        image = 0
        for _ in range(n_turns):
            angle = np.deg2rad(rng.normal() * spread)
            turn = Rotation.from_axes_angles((0, 0, 1), angle)
            positions, strengths = _find_spots(phase, base * turn, camera, thickness)
            if len(positions):
                # Dynamical scattering makes strengths more equal.
                strengths = strengths ** rng.uniform(0.5, 1)
                image = image + camera.discs(positions, strengths)
        if np.sum(image) <= 0:
            continue
        share = rng.uniform(0.15, 0.9)
        beyond = image * (camera.radius() > 2 * camera.disc_radius + 2 * camera.scale)
        if beyond.sum() < 0.3 * image.sum():
            continue
        smooth = _draw_background(rng, camera, name)
        whole = share * image / image.sum() + (1 - share) * smooth
        return whole / whole.sum(), share
    return _draw_crystal(rng, camera)


def _find_spots(phase, rotation, camera, thickness):
    try:
        return crystal_spots(phase, rotation, camera, thickness)
    except ValueError:
        # diffsims refuses an orientation that excites nothing.
        return np.zeros((0, 2)), np.zeros(0)


def _move(rng, camera, pattern):
    """Shift the pattern by up to 6 pixels along both axes, and cut the margin off."""
    by = rng.uniform(-6, 6, 2)
    inside = slice(_MARGIN, -_MARGIN)
    moved = np.maximum(shift(pattern, by, order=1)[inside, inside], 0)
    return moved / moved.sum(), tuple(np.array(camera.center) + by - _MARGIN)


def _draw_mask(rng, shape, center):
    used = np.ones(shape, bool)
    rows, columns = np.indices(shape)
    if rng.random() < 0.15:
        # A wire with a disc before the beam.
        r = rng.uniform(3, 7)
        used[np.hypot(rows - center[0], columns - center[1]) < r] = False
        used[(np.abs(columns - center[1]) < 2) & (rows > center[0])] = False
    if rng.random() < 0.15:
        k = int(shape[0] // 2 + rng.integers(-3, 4))
        used[k : k + 2] = False
        k = int(shape[1] // 2 + rng.integers(-3, 4))
        used[:, k : k + 2] = False
    if rng.random() < 0.3:
        used[rng.random(shape) < 0.003] = False
    return used
