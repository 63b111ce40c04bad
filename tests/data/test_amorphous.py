import numpy as np
import pytest
from scipy.signal import find_peaks

from hyperspy_4dphase.data import (
    Camera,
    amorphous_pattern,
    amorphous_profile,
    structure,
)
from hyperspy_4dphase.data._scattering import mean_square_factor


@pytest.mark.parametrize(
    ("material", "first_ring"), [("SiO2", 0.24), ("TiO2", 0.30), ("LGPS", 0.31)]
)
def test_main_ring_has_the_radius_of_the_material(material, first_ring, radial_profile):
    camera = Camera(signal_shape=(160, 170))
    pattern = amorphous_pattern(material, camera)
    q, profile = radial_profile(pattern, camera)
    peaks, found = find_peaks(profile[q < 0.95], prominence=0)
    ring = peaks[np.argmax(found["prominences"])]
    assert q[ring] == pytest.approx(first_ring, abs=0.02)


def test_structure_factor_of_silica_has_its_known_peaks():
    q = np.linspace(0.05, 1.3, 1000)
    silica = structure("SiO2")
    factor = amorphous_profile(silica, q) / mean_square_factor(
        silica.structure.composition, q
    )
    peaks = q[find_peaks(factor, prominence=0.3)[0]]
    # Neutrons and X-rays put them at 1.5 and 5.2 1/Å, times 2 pi.
    np.testing.assert_allclose(peaks[:2] * 2 * np.pi, [1.52, 5.25], atol=0.15)


def test_structure_factor_tends_to_one():
    q = np.linspace(3.0, 4.0, 50)
    silica = structure("SiO2")
    factor = amorphous_profile(silica, q) / mean_square_factor(
        silica.structure.composition, q
    )
    np.testing.assert_allclose(factor, 1, atol=0.05)


def test_more_disorder_flattens_the_rings():
    q = np.linspace(0.5, 1.3, 200)
    titania = structure("TiO2")
    sharp, blunt = (amorphous_profile(titania, q, disorder=d) for d in (0.08, 0.2))
    background = mean_square_factor(titania.structure.composition, q)
    assert np.std(blunt / background) < 0.8 * np.std(sharp / background)


def test_pattern_is_round_normalised_and_positive(camera):
    pattern = amorphous_pattern("SiO2", camera)
    assert pattern.shape == (72, 90)
    assert pattern.sum() == pytest.approx(1)
    assert pattern.min() > 0
    row, column = camera.center
    across = pattern[row, column : column + 30]
    down = pattern[row : row + 30, column]
    np.testing.assert_allclose(across, down)


def test_direct_beam_has_its_share(camera):
    pattern = amorphous_pattern("TiO2", camera, direct=0.6, diffuse=0.1)
    disc = camera.radius() < camera.disc_radius + 3 * camera.edge
    assert 0.6 < pattern[disc].sum() < 0.67


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="structure must be one of"):
        amorphous_pattern("glass")
    with pytest.raises(ValueError, match="disorder must be"):
        amorphous_pattern("SiO2", disorder=0)
    with pytest.raises(ValueError, match="diffuse must be"):
        amorphous_pattern("SiO2", direct=0.8, diffuse=0.3)
    with pytest.raises(ValueError, match="direct must be"):
        amorphous_pattern("SiO2", direct=1.2)
