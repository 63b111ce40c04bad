"""Images that py4DSTEM reconstructs, where they belong on the scan."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import zoom

from hyperspy_4dphase.interop import from_py4dstem, to_py4dstem

EXAMPLE = Path(__file__).parents[2] / "docs/examples/py4dstem_defocused_scan.py"
SCAN = (20, 26)


@pytest.fixture(scope="module")
def example():
    """The script of the user guide."""
    with warnings.catch_warnings():
        # What py4DSTEM imports warns.
        warnings.simplefilter("ignore")
        pytest.importorskip("py4DSTEM", exc_type=ImportError)
        spec = importlib.util.spec_from_file_location(EXAMPLE.stem, EXAMPLE)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scan(example):
    return example.simulate(SCAN, random_state=1)


# What NumPy, SciPy and matplotlib say of py4DSTEM's code.
@pytest.mark.filterwarnings("ignore")
def test_images_show_what_is_there_at_its_place(example, scan):
    s, _, clusters = scan
    bright, dpc, parallax = example.reconstruct(s)
    assert bright.data.shape == dpc.data.shape == SCAN
    assert parallax.data.shape == (2 * SCAN[0], 2 * SCAN[1])
    x, finer = s.axes_manager["x"], parallax.axes_manager["x"]
    assert (finer.scale, finer.offset) == (x.scale / 2, x.offset)
    assert parallax.axes_manager["y"].units == "nm"
    inside = slice(3, -3), slice(3, -3)
    for image in (dpc.data, parallax.data[::2, ::2]):

        def likeness(down, right, image=image):
            moved = np.roll(image, (down, right), (0, 1))[inside]
            return np.corrcoef(moved.ravel(), clusters[inside].ravel())[0, 1]

        here = likeness(0, 0)
        assert here > 0.5
        # Moved by a few steps, or mirrored, it is less like it.
        moves = (2, 0), (-2, 0), (0, 2), (0, -2)
        assert max(likeness(*move) for move in moves) < here
        mirrored = np.corrcoef(image[::-1].ravel(), clusters.ravel())[0, 1]
        assert mirrored < here - 0.2


@pytest.mark.filterwarnings("ignore")
def test_ptychographic_object_has_its_pixels_on_the_scan(example, scan):
    from py4DSTEM.process.phase import DPC, SingleslicePtychography

    s = scan[0].inav[:12, :10]
    cube = to_py4dstem(s)
    ptychography = SingleslicePtychography(
        energy=300e3,
        datacube=cube,
        semiangle_cutoff=1e3 * example.SEMIANGLE,
        defocus=example.DEFOCUS,
        object_padding_px=(4, 4),
        verbose=False,
    )
    with pytest.raises(ValueError, match="has no image yet"):
        from_py4dstem(DPC(energy=300e3, datacube=cube, verbose=False), like=s)
    with pytest.raises(ValueError, match="give the scan, or a map, as like"):
        from_py4dstem(ptychography)
    ptychography.preprocess(
        plot_center_of_mass=False,
        plot_rotation=False,
        plot_probe_overlaps=False,
        force_com_rotation=0,
        force_com_transpose=False,
    )
    image = from_py4dstem(ptychography, like=s)
    assert type(image).__name__ == "ComplexSignal2D"
    np.testing.assert_array_equal(image.data, ptychography.object_cropped)
    for axis, pixel in zip(("y", "x"), ptychography.sampling, strict=True):
        assert image.axes_manager[axis].scale == pytest.approx(pixel / 10)
        there, here = image.axes_manager[axis], s.axes_manager[axis]
        reach = (there.size * there.scale, (here.size - 1) * here.scale)
        assert reach[0] == pytest.approx(reach[1], abs=2 * there.scale)
    s.axes_manager.navigation_axes.set(units="px")
    with pytest.raises(ValueError, match="but the SingleslicePtychography has pixels"):
        from_py4dstem(ptychography, like=s)


def test_own_upsampling_counts(scan):
    s = scan[0]
    image = zoom(np.eye(*SCAN), 3, order=0)
    back = from_py4dstem(image, like=s, upsampling=3)
    assert back.axes_manager["x"].scale == pytest.approx(s.axes_manager["x"].scale / 3)
