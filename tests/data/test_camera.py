import numpy as np
import pytest

from hyperspy_4dphase.data import Camera


def center_of_mass(image, camera):
    """Centre of mass (qx, qy) of an image, in 1/Å."""
    qx, qy = camera.vectors()
    return np.array([(image * qx).sum(), (image * qy).sum()]) / image.sum()


def test_pixel_at_the_center_sees_the_direct_beam(camera):
    qx, qy = camera.vectors()
    assert qx.shape == (72, 90)
    assert camera.radius()[camera.center] == 0
    assert qx[0, 0] == pytest.approx(-45 * camera.scale)
    assert qy[0, 0] == pytest.approx(-36 * camera.scale)


def test_shorter_side_spans_two_inverse_angstroms():
    assert Camera(signal_shape=(64, 32)).scale == 2 / 32


def test_wavelength_at_200_kev():
    assert Camera().wavelength == pytest.approx(0.02508, abs=1e-5)


def test_disc_is_where_it_should_be_and_whole(camera):
    image = camera.discs([(0.31, -0.22)], [3.0])
    np.testing.assert_allclose(
        center_of_mass(image, camera), (0.31, -0.22), atol=0.1 * camera.scale
    )
    assert image.sum() == pytest.approx(3.0, rel=0.03)
    assert image.min() >= 0


def test_disc_has_the_radius_of_the_convergence():
    camera = Camera(signal_shape=(256, 200), convergence=3.0)
    image = camera.discs([(0, 0)], [1.0])
    area = (image > image.max() / 2).sum() * camera.scale**2
    assert np.sqrt(area / np.pi) == pytest.approx(3e-3 / camera.wavelength, rel=0.02)


def test_spot_off_the_detector_is_not_drawn(camera):
    assert camera.discs([(0.0, 5.0)], [1.0]).sum() == 0


def test_ellipticity_stretches_along_its_angle():
    camera = Camera(signal_shape=(100, 120), ellipticity=0.1, ellipse_angle=0.0)
    round_one = Camera(signal_shape=(100, 120))
    spots = [(0.5, 0.0), (0.0, 0.5)]
    for spot, stretch in zip(spots, (1.05, 0.95), strict=True):
        seen = center_of_mass(camera.discs([spot], [1.0]), round_one)
        np.testing.assert_allclose(seen, stretch * np.array(spot), atol=2e-3)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("signal_shape", (0, 3)),
        ("scale", 0.0),
        ("beam_energy", -200),
        ("convergence", -1),
        ("ellipticity", 0.9),
        ("ellipse_angle", np.nan),
    ],
)
def test_bad_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be"):
        Camera(**{argument: value})
