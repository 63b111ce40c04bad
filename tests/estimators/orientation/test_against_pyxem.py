"""Orientations beside those of pyxem's template matching, its known faults corrected.

See docs/upstream.rst: radial axes begin half a bin too low, in-plane angles are off by
half a turn, and mirrored matches have the wrong third angle for trigonal crystals.
"""

import numpy as np
import pytest
from orix.quaternion import Rotation
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase.estimators.orientation import (
    match_structures,
    misorientation,
    place_library,
    prepare_pattern,
)

from .orientation_patterns import (
    CENTER,
    GENERATOR,
    GEOMETRY,
    MAX_G,
    SCALE,
    SHAPE,
    library_of,
    pattern_of,
    phase_of,
    symmetry_of,
)

EULER = {
    "Si": (174.9, 88.9, 44.3),
    "LGPS": (25.0, 33.0, 20.0),
    "trigonal": (-64.0, 38.0, 13.0),
}
STEP, REACH = 1.0, 3


def match_by_pyxem(name, image, templates):
    """Best match of a pattern with templates of Euler angles (0, Phi, phi2)."""
    # As many columns as rows: pyxem takes the one for the other.
    image = image[:, : SHAPE[0]]
    s = ElectronDiffraction2D(np.tile(image, (1, 2, 1, 1)).astype(float))
    s.calibration(scale=SCALE, units="$A^{-1}$", center=CENTER[::-1])
    polar = s.get_azimuthal_integral2d(
        npt=64,
        npt_azim=240,
        radial_range=(0.0, 0.98),
        mean=True,
        show_progressbar=False,
    )
    radial = polar.axes_manager.signal_axes[1]
    radial.offset += radial.scale / 2
    background = np.median(polar.data, axis=-1, keepdims=True)
    polar.data = np.sqrt(np.clip(polar.data - background, 0, None))
    library = GENERATOR.calculate_diffraction2d(
        phase_of(name),
        rotation=Rotation.from_euler(templates, degrees=True),
        reciprocal_radius=MAX_G,
        max_excitation_error=0.02,
        with_direct_beam=False,
    )
    found = polar.get_orientation(
        library, n_best=1, frac_keep=1, show_progressbar=False
    )
    index, correlation, angle, factor = np.ravel(found.data[0, 0, 0])
    assert correlation > 0
    _, tilt, third = templates[int(index)]
    if factor < 0:
        return Rotation.from_euler((angle + 180, -tilt, 180 - third), degrees=True), -1
    return Rotation.from_euler((angle + 180, tilt, third), degrees=True), 1


def list_templates(tilt, third):
    """Beam directions around one, off its own by half a step."""
    steps = STEP * (np.arange(-REACH, REACH) + 0.5)
    tilts, thirds = np.meshgrid(tilt + steps, steps)
    thirds = third + thirds / np.sin(np.deg2rad(tilt))
    return np.stack([0 * tilts, tilts, thirds], axis=-1).reshape(-1, 3)


def match_by_ours(name, image):
    prepared = prepare_pattern(image, GEOMETRY)
    placed = place_library(library_of(name), prepared)
    return match_structures(prepared, [placed])[0].matches.quaternions[:1]


@pytest.mark.parametrize(
    ("name", "is_mirrored"),
    [("Si", False), ("LGPS", False), ("trigonal", False), ("trigonal", True)],
)
def test_pyxem_agrees_once_it_is_corrected(name, is_mirrored):
    _, tilt, third = EULER[name]
    symmetry = symmetry_of(name)
    turned = Rotation.from_euler(EULER[name], degrees=True)
    image = pattern_of(name, turned.data[0], counts=50_000)
    ours = match_by_ours(name, image)
    assert misorientation(ours, turned.data, symmetry) < 1
    # Templates of the other half, of which only a mirrored one matches.
    third = -third if is_mirrored else third
    theirs, factor = match_by_pyxem(name, image, list_templates(tilt, third))
    assert misorientation(theirs.data, ours, symmetry) < 2
    if name == "trigonal":
        assert factor == (-1 if is_mirrored else 1)
