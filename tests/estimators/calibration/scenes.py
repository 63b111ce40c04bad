"""Patterns with known centre, ellipse and scale: rings, spots and a direct beam."""

import numpy as np

from hyperspy_4dphase.estimators.calibration import distortion_matrix

SHAPE = (78, 90)
CENTER = np.array([40.3, 43.8])
# Edge of the reciprocal cell of a metal, face centred, in 1/Å, and 1/Å in a pixel.
EDGE, SCALE = 0.18, 0.025


def radii(center=CENTER, ellipse=(0.0, 0.0), shape=SHAPE):
    """Radius and azimuth of each pixel, with the distortion undone."""
    y, x = np.indices(shape)
    offsets = np.stack([x - center[1], y - center[0]])
    x, y = np.tensordot(np.linalg.inv(distortion_matrix(ellipse)), offsets, axes=1)
    return np.hypot(x, y), np.arctan2(y, x)


def lengths():
    """Lengths of reflections in 1/Å, and their intensities."""
    hkl = np.stack(np.mgrid[-9:10, -9:10, -9:10], axis=-1).reshape(-1, 3)
    parity = np.sum(hkl % 2, axis=1) % 3 == 0
    g = np.linalg.norm(hkl[parity & np.any(hkl != 0, axis=1)], axis=1) * EDGE
    return g, np.exp(-2 * g)


def rings(dose, center=CENTER, ellipse=(0.0, 0.0), random_state=0):
    """Rings of a powder."""
    rng = np.random.default_rng(random_state)
    radius, _ = radii(center, ellipse)
    image = 3 * np.exp(-(radius**2) / 8) + 0.5 / (1 + radius / 8) ** 2
    g, intensity = lengths()
    for line in np.unique(g.round(9)):
        weight = intensity[np.isclose(g, line)].sum() / line
        image += 0.02 * weight * np.exp(-((radius - line / SCALE) ** 2) / 3)
    return rng.poisson(dose * image / image.sum()).astype(float)


def textured_rings(dose, center=CENTER, ellipse=(0.0, 0.0), random_state=0):
    """Rings of a powder, the brightness of which varies along each."""
    rng = np.random.default_rng(random_state)
    radius, azimuth = radii(center, ellipse)
    image = 3 * np.exp(-(radius**2) / 8) + 0.5 / (1 + radius / 8) ** 2
    g, intensity = lengths()
    for line in np.unique(g.round(9)):
        weight = intensity[np.isclose(g, line)].sum() / line
        texture = np.ones(SHAPE)
        for n in (2, 4, 6):
            phase = rng.uniform(0, 2 * np.pi)
            texture += 0.15 * rng.normal() * np.cos(n * azimuth + phase)
        ring = np.exp(-((radius - line / SCALE) ** 2) / 3)
        image += 0.02 * weight * np.maximum(texture, 0) * ring
    return rng.poisson(dose * image / image.sum()).astype(float)


def spots(dose, center=CENTER, angle=0.3, beam=60.0, random_state=0):
    """The (001) pattern of a crystal, of which opposite spots differ."""
    rng = np.random.default_rng(random_state)
    y, x = np.indices(SHAPE)
    image = np.full(SHAPE, 0.05)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for h, k in np.ndindex(9, 9):
        dx, dy = turn @ [h - 4, k - 4] * 2 * EDGE / SCALE
        direct = (h, k) == (4, 4)
        height = (
            beam
            if direct
            else rng.uniform(1, 6) * np.exp(-0.02 * (dx**2 + dy**2) ** 0.5)
        )
        apart = (x - center[1] - dx) ** 2 + (y - center[0] - dy) ** 2
        image += height * np.exp(-apart / 4)
    return rng.poisson(dose * image / image.sum()).astype(float)
