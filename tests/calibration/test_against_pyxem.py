"""Calibrations beside those of pyxem, of a clean pattern: rings of gold."""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from pyxem.generators import CalibrationGenerator
from pyxem.signals import ElectronDiffraction2D
from pyxem.utils.ransac_ellipse_tools import determine_ellipse

from hyperspy_4dphase.calibration import find_center, find_ellipse, find_scale
from hyperspy_4dphase.data import structure
from hyperspy_4dphase.estimators.calibration import distortion_matrix

SIZE, SCALE, EDGE = 128, 0.012, 4.0782
ELLIPSE = 0.03 * np.array([np.cos(1.2), np.sin(1.2)])


def gold(center, ellipse=(0.0, 0.0)):
    """Rings up to 0.75 1/Å and a direct beam at (x, y), without noise."""
    rows, columns = np.indices((SIZE, SIZE))
    offsets = np.stack([columns - center[0], rows - center[1]])
    undone = np.linalg.inv(distortion_matrix(ellipse))
    radius = np.hypot(*np.tensordot(undone, offsets, axes=1))
    image = 3 * np.exp(-(radius**2) / 8) + 0.02 / (1 + radius / 8) ** 2
    hkl = np.stack(np.mgrid[-5:6, -5:6, -5:6], axis=-1).reshape(-1, 3)
    is_seen = (np.ptp(hkl % 2, axis=1) == 0) & hkl.any(axis=1)
    lengths = np.linalg.norm(hkl[is_seen], axis=1).round(9) / EDGE
    for length, number in zip(*np.unique(lengths, return_counts=True), strict=True):
        if length < 0.75:
            ring = np.exp(-((radius - length / SCALE) ** 2) / 3)
            image += 0.02 * np.exp(-3 * length) * number / length * ring
    return ElectronDiffraction2D(1e4 * image)


@contextmanager
def without_warnings():
    """What pyxem says of its own age, and of that of what it calls."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_center():
    center = 62.8, 64.3
    s = gold(center)
    ours = find_center(s).value
    shift = s.get_direct_beam_position(method="center_of_mass")
    theirs = SIZE / 2 - np.ravel(shift.data)
    np.testing.assert_allclose(ours, theirs, atol=0.05)
    np.testing.assert_allclose(ours, center, atol=0.02)


def test_ellipse():
    s = gold((62.8, 64.3), ELLIPSE)
    ours = find_ellipse(s).correction
    rows, columns = np.indices((SIZE, SIZE))
    # The rings of 111 and 200, which are next to one another, are the brightest.
    inside = np.hypot(columns - 62.8, rows - 64.3) < 25
    with without_warnings():
        _, theirs = determine_ellipse(s, mask=inside, num_points=500)
    # pyxem also shrinks the pattern.
    theirs = theirs[:2, :2] / np.linalg.det(theirs[:2, :2]) ** 0.5
    np.testing.assert_allclose(ours, theirs, atol=0.002)
    expected = np.linalg.inv(distortion_matrix(ELLIPSE))
    np.testing.assert_allclose(ours, expected, atol=0.002)


def test_scale():
    s = gold((64, 64))
    face_centred = structure("Al")
    face_centred.structure.lattice.setLatPar(EDGE, EDGE, EDGE)
    for atom in face_centred.structure:
        atom.element = "Au"
    ours = find_scale(s, face_centred, center=(64, 64), scale=1.03 * SCALE).value[0]
    with without_warnings():
        generator = CalibrationGenerator(diffraction_pattern=s)
        generator.get_elliptical_distortion(
            mask_radius=6, scale=1.03 / SCALE, amplitude=300, asymmetry=1, spread=2
        )
        theirs = generator.get_diffraction_calibration(mask_length=10, linewidth=5)
    assert ours == pytest.approx(theirs, rel=0.01)
    assert ours == pytest.approx(SCALE, rel=0.01)
