import numpy as np
import pytest
from orix.quaternion import Rotation
from orix.vector import Vector3d

from hyperspy_4dphase.data import (
    Camera,
    crystal_pattern,
    structure,
    zone_rotation,
)
from hyperspy_4dphase.data._crystalline import crystal_spots, sheet_spots

# Zone axis, then the lattice spacings of its strongest spots in Å and their number.
STRONGEST = [
    ("Al", (0, 0, 1), 4.05 / 2, 4),
    ("Al", (0, 1, 1), 4.05 / 3**0.5, 4),
    ("Si", (0, 1, 1), 5.431 / 3**0.5, 4),
    ("Si", (0, 0, 1), 5.431 / 8**0.5, 4),
    ("Fe", (0, 0, 1), 2.866 / 2**0.5, 4),
    ("Fe", (1, 1, 1), 2.866 / 2**0.5, 6),
    ("NMC622", (0, 0, 1), 2.87 / 2, 6),
    ("NMC622", (1, 0, 0), 14.22 / 3, 2),
]


@pytest.mark.parametrize(("name", "zone", "spacing", "number"), STRONGEST)
def test_strongest_spots_are_at_the_lattice_spacing(name, zone, spacing, number):
    phase = structure(name)
    rotation = zone_rotation(phase, zone, 17.0)
    positions, intensities = crystal_spots(phase, rotation, Camera())
    strongest = intensities > 0.9 * intensities.max()
    assert strongest.sum() == number
    radii = np.hypot(*positions[strongest].T)
    np.testing.assert_allclose(radii, 1 / spacing, rtol=2e-3)


def test_forbidden_reflections_are_absent():
    phase = structure("NMC622")
    rotation = zone_rotation(phase, (0, 0, 1))
    positions, intensities = crystal_spots(phase, rotation, Camera())
    # In R-3m, -h + k + l is a multiple of three: 100 at 0.402 1/Å is not.
    forbidden = np.abs(np.hypot(*positions.T) - 0.402) < 0.01
    assert intensities[forbidden].sum() < 1e-6 * intensities.sum()


def test_spots_are_drawn_where_they_are_computed():
    camera = Camera(signal_shape=(100, 130))
    phase = structure("Al")
    rotation = zone_rotation(phase, (0, 0, 1), 20.0)
    positions, intensities = crystal_spots(phase, rotation, camera)
    pattern = crystal_pattern(phase, rotation, camera)
    qx, qy = camera.vectors()
    outside = camera.radius() > 0.2
    row, column = np.unravel_index(np.argmax(pattern * outside), pattern.shape)
    # Upwards, against the rows.
    peak = np.array([qx[row, column], -qy[row, column]])
    nearest = np.argmin(np.linalg.norm(positions - peak, axis=1))
    assert np.linalg.norm(positions[nearest] - peak) < camera.disc_radius
    assert intensities[nearest] > 0.9 * intensities.max()


def test_in_plane_rotation_turns_the_pattern():
    camera = Camera(signal_shape=(101, 101))
    phase = structure("SrTiO3")
    upright, turned = (
        crystal_pattern(phase, zone_rotation(phase, (0, 1, 1), angle), camera)
        for angle in (10.0, 100.0)
    )
    same = min(np.abs(np.rot90(upright, k) - turned).max() for k in (1, 3))
    assert same < 1e-6
    assert np.abs(upright - turned).max() > 1e-3


def test_zone_axis_is_along_the_beam():
    phase = structure("NMC622")
    for zone in [(0, 0, 1), (1, 0, 0), (2, 1, 0), (2, 1, 1)]:
        direction = np.array(zone) @ phase.structure.lattice.base
        direction /= np.linalg.norm(direction)
        beam = (zone_rotation(phase, zone, 33.0) * Vector3d.zvector()).data[0]
        np.testing.assert_allclose(beam, direction, atol=1e-9)


def test_thin_crystal_excites_more_spots():
    phase = structure("SrTiO3")
    rotation = Rotation.from_euler([20, 4, 0], degrees=True)
    numbers = []
    for thickness in (5.0, 100.0):
        _, intensities = crystal_spots(phase, rotation, Camera(), thickness)
        numbers.append(np.sum(intensities > 0.02 * intensities.max()))
    assert numbers[0] > numbers[1]


def test_pattern_is_normalised_and_its_beam_has_its_share(camera):
    pattern = crystal_pattern("Si", camera=camera, direct=0.5, diffuse=0.2)
    assert pattern.shape == (72, 90)
    assert pattern.sum() == pytest.approx(1)
    assert pattern.min() > 0
    disc = camera.radius() < camera.disc_radius + 3 * camera.edge
    assert 0.5 < pattern[disc].sum() < 0.6


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="phase must be an orix Phase"):
        crystal_pattern(3)
    with pytest.raises(ValueError, match="thickness must be"):
        crystal_pattern("Al", thickness=0)
    with pytest.raises(ValueError, match="no reflection is excited"):
        crystal_pattern("Al", camera=Camera(signal_shape=(16, 16), scale=0.01))
    with pytest.raises(ValueError, match="diffuse must be"):
        crystal_pattern("Al", direct=0.9, diffuse=0.2)


class TestSheet:
    camera = Camera()
    layer = structure("WS2")

    def radii(self, **options):
        return np.sort(np.hypot(*sheet_spots(self.layer, self.camera, **options)[0].T))

    def test_first_spots_are_at_the_lattice_spacing(self):
        spacing = 3.153 * 3**0.5 / 2
        np.testing.assert_allclose(self.radii()[:6], 1 / spacing, rtol=1e-6)
        assert self.radii()[6] > 1.5 / spacing

    def test_intensities_agree_with_diffsims(self):
        # Fast electrons make the Ewald sphere a plane, which cuts all rods at l = 0.
        camera = Camera(beam_energy=3000.0)
        _, ours = sheet_spots(self.layer, camera)
        _, theirs = crystal_spots(
            self.layer, zone_rotation(self.layer, (0, 0, 1)), camera, thickness=10.0
        )
        ours, theirs = (np.sort(i)[-18:] / i.max() for i in (ours, theirs))
        np.testing.assert_allclose(ours, theirs, rtol=0.05)

    def test_strain_moves_spots_inwards(self):
        stretched = self.radii(strain=0.02 * np.eye(2))
        np.testing.assert_allclose(stretched[:6] * 1.02, self.radii()[:6], rtol=1e-6)

    def test_strain_turns_with_the_layer(self):
        strain = np.diag([0.03, 0.0])
        upright = self.radii(strain=strain)
        np.testing.assert_allclose(
            self.radii(strain=strain, in_plane=25.0)[:12], upright[:12], rtol=1e-6
        )
        along = sheet_spots(self.layer, self.camera, strain=strain)[0]
        on_axis = along[np.abs(along[:, 1]) < 1e-9][:, 0]
        assert np.abs(on_axis).min() == pytest.approx(2 / 3.153 / 1.03, rel=1e-6)

    def test_tilt_breaks_the_symmetry_of_intensities_and_keeps_positions(self):
        flat = sheet_spots(self.layer, self.camera)
        tilted = sheet_spots(self.layer, self.camera, tilt=(0.1, 0.0))
        assert len(flat[0]) == len(tilted[0])
        np.testing.assert_allclose(tilted[0], flat[0], rtol=0.006)
        change = tilted[1] / flat[1]
        assert change.min() < 0.9
        opposite = [np.argmin(np.hypot(*(flat[0] + g).T)) for g in flat[0]]
        assert np.abs(change - change[opposite]).max() > 0.02
