"""To py4DSTEM and back: values, types, calibration and what else is known."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.axes import DataAxis

from hyperspy_4dphase.data import oxide_bilayer
from hyperspy_4dphase.interop import from_py4dstem, to_py4dstem

SCAN, DETECTOR = (3, 4), (6, 5)


@pytest.fixture(scope="module", autouse=True)
def py4dstem():
    # What it imports warns.
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("py4DSTEM", exc_type=ImportError)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
def test_scan_comes_back_as_it_was(make_scan, same_axes, dtype, lazy):
    s = make_scan(dtype, lazy)
    cube = to_py4dstem(s)
    assert cube.data.shape == (*SCAN, *DETECTOR)
    assert isinstance(cube.data, da.Array) == lazy
    back = from_py4dstem(cube)
    assert type(back) is type(s)
    assert back.data.dtype == dtype
    np.testing.assert_array_equal(np.asarray(back.data), np.asarray(s.data))
    assert same_axes(back, s)
    assert back.metadata.General.title == "oxide/flake"
    assert back.metadata.Acquisition_instrument.TEM.beam_energy == 200


def test_calibration_is_what_the_axes_say(make_scan):
    cube = to_py4dstem(make_scan())
    assert (cube.R_pixel_size, cube.R_pixel_units) == (0.75, "nm")
    assert cube.Q_pixel_size == pytest.approx(0.025)
    assert cube.Q_pixel_units == "A^-1"
    # Rows first: ky is 0 at 0.7 / 0.25, kx at 0.4 / 0.25.
    np.testing.assert_allclose(cube.calibration.get_origin_mean(), (2.8, 1.6))


def test_without_units_and_offsets_nothing_is_calibrated(make_scan):
    s = make_scan(units=("", "px"))
    s.axes_manager.signal_axes.set(offset=0, scale=1)
    cube = to_py4dstem(s)
    assert cube.calibration.get_origin() is None
    assert cube.Q_pixel_units == cube.R_pixel_units == "pixels"


def test_data_are_not_copied(make_scan):
    s = make_scan()
    cube = to_py4dstem(s)
    assert np.shares_memory(cube.data, s.data)
    assert np.shares_memory(from_py4dstem(cube).data, s.data)


def test_scan_comes_back_from_a_file(py4dstem, make_scan, same_axes, tmp_path):
    s = make_scan()
    s.metadata.set_item("Sample.description", "bilayer")
    s.metadata.set_item("Sample.tilt", [1.5, 2.5])
    file = tmp_path / "scan.h5"
    py4dstem.save(str(file), to_py4dstem(s), mode="o")
    back = from_py4dstem(py4dstem.read(str(file)))
    assert type(back) is type(s)
    np.testing.assert_array_equal(back.data, s.data)
    assert back.data.dtype == s.data.dtype
    assert same_axes(back, s)
    assert back.metadata.General.title == "oxide/flake"
    assert back.metadata.Acquisition_instrument.TEM.beam_energy == 200
    assert back.metadata.Sample.description == "bilayer"
    np.testing.assert_array_equal(back.metadata.Sample.tilt, [1.5, 2.5])


def test_calibration_that_py4dstem_changed_comes_back(make_scan):
    cube = to_py4dstem(make_scan())
    cube.calibration.set_Q_pixel_size(0.03)
    cube.calibration.set_R_pixel_units("A")
    ky, kx = np.full(SCAN, 2.5), np.full(SCAN, 1.25)
    ky[0, 0] += 0.5
    cube.calibration.set_origin((ky, kx))
    cube.calibration.set_ellipse((1.02, 0.98, 0.3))
    back = from_py4dstem(cube)
    x, y = back.axes_manager.navigation_axes
    right, down = back.axes_manager.signal_axes
    assert (x.scale, x.units, x.offset) == (0.75, "\u00c5", 0)
    assert right.scale == down.scale == 0.03
    assert right.offset == pytest.approx(-1.25 * 0.03)
    assert down.offset == pytest.approx(-ky.mean() * 0.03)
    # And the origin of each position, which axes cannot hold, goes there again.
    again = to_py4dstem(back).calibration
    np.testing.assert_allclose(again.get_qx0(), ky)
    assert again.get_ellipse() == (1.02, 0.98, 0.3)
    # Unless positions or the axes are others since.
    part = to_py4dstem(back.inav[:3]).calibration
    np.testing.assert_allclose(part.get_qx0(), ky.mean())
    assert part.get_ellipse() == (1.02, 0.98, 0.3)
    down.offset = -0.1
    np.testing.assert_allclose(to_py4dstem(back).calibration.get_qx0(), 0.1 / 0.03)


def test_what_was_measured_in_pixels_goes_with_these_pixels_only(make_scan):
    cube = to_py4dstem(make_scan())
    cube.calibration.set_convergence_semiangle_pixels(3.5)
    cube.calibration.set_QR_rotation(0.2)
    back = from_py4dstem(cube)
    assert to_py4dstem(back).calibration.get_convergence_semiangle_pixels() == 3.5
    back.axes_manager.signal_axes.set(scale=0.5)
    again = to_py4dstem(back).calibration
    assert again.get_convergence_semiangle_pixels() is None
    assert again.get_QR_rotation() == 0.2


def test_axes_of_a_scan_that_was_cropped_or_binned_are_new(make_scan):
    cube = to_py4dstem(make_scan())
    cube.bin_Q(2)
    cube.crop_R((1, 3, 0, 3))
    back = from_py4dstem(cube)
    assert back.data.shape == (2, 3, 3, 2)
    x, y = back.axes_manager.navigation_axes
    assert (x.scale, x.offset, x.units) == (0.75, 0, "nm")
    assert back.axes_manager.signal_axes[0].scale == pytest.approx(0.05)


def test_what_was_made_in_py4dstem_is_a_scan(py4dstem):
    data = np.arange(np.prod(SCAN + DETECTOR), dtype="uint16").reshape(SCAN + DETECTOR)
    cube = py4dstem.DataCube(data, name="measured")
    cube.calibration.set_R_pixel_size(2.0)
    cube.calibration.set_R_pixel_units("nm")
    back = from_py4dstem(cube)
    assert repr(back).startswith("<ElectronDiffraction2D, title: measured")
    assert [a.name for a in back.axes_manager._axes] == ["y", "x", "ky", "kx"]
    assert back.axes_manager["x"].scale == 2
    assert back.axes_manager["kx"].units == "px"


def test_data_in_a_file_stay_there(py4dstem, tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        stored = file.create_dataset("data", data=np.ones(SCAN + DETECTOR, "uint16"))
        back = from_py4dstem(py4dstem.DataCube(stored))
        assert back._lazy
        assert back.data.sum().compute() == stored.size


def test_mean_patterns_become_one_row(make_scan, same_axes):
    s = make_scan("float64", scan=(4,))
    cube = to_py4dstem(s)
    assert cube.data.shape == (1, 4, *DETECTOR)
    back = from_py4dstem(cube)
    np.testing.assert_array_equal(back.data, s.data)
    assert same_axes(back, s)


def test_single_pattern(make_scan, same_axes):
    pattern = make_scan().inav[1, 2]
    there = to_py4dstem(pattern)
    assert type(there).__name__ == "DiffractionSlice"
    back = from_py4dstem(there)
    np.testing.assert_array_equal(back.data, pattern.data)
    assert same_axes(back, pattern)


def test_maps_are_real_slices_and_come_back(make_scan):
    s, truth = oxide_bilayer((12, 14), (20, 18), random_state=0)
    mask = np.zeros((12, 14), bool)
    mask[2:4, 5] = True
    quiet = {"print_info": False, "show_progressbar": False, "random_state": 0}
    domains = s.cluster_hierarchical(n_domains=2, navigation_mask=mask, **quiet)
    there = to_py4dstem(domains)
    assert type(there).__name__ == "RealSlice"
    assert there.data.dtype == np.int32
    assert (there.data[mask] == -1).all()
    np.testing.assert_array_equal(there.data, domains.labels)
    step = s.axes_manager["x"].scale
    assert there.calibration.get_R_pixel_size() == step
    # In the tree of its scan, it has the calibration of that.
    cube = to_py4dstem(s)
    cube.attach(there)
    cube.calibration.set_R_pixel_size(3.0)
    assert there.calibration.get_R_pixel_size() == 3.0
    confidence = s.domain_confidence(domains, n_maps=4, **quiet)
    sure = to_py4dstem(confidence)
    assert type(sure).__name__ == "RealSlice"
    assert sure.data.dtype == np.float32
    assert np.isnan(sure.data[mask]).all()
    np.testing.assert_array_equal(sure.data, confidence.data)
    np.testing.assert_array_equal(from_py4dstem(sure).data, confidence.data)
    back = from_py4dstem(to_py4dstem(domains))
    np.testing.assert_array_equal(back.data, domains.labels)
    assert type(back).__name__ == "Signal2D"
    assert back.axes_manager["x"].scale == step


def test_maps_with_nan_and_as_navigation_axes(make_scan):
    s = make_scan()
    confidence = s.sum(axis=s.axes_manager.signal_axes).T.T
    confidence.change_dtype("float32")
    confidence.data[1, 2] = np.nan
    there = to_py4dstem(confidence)
    np.testing.assert_array_equal(there.data, confidence.data)
    assert there.data.shape == SCAN


def test_virtual_image_lies_on_the_scan(make_scan):
    s = make_scan()
    cube = to_py4dstem(s)
    image = cube.get_virtual_image("circle", ((2.8, 1.6), 1.5), verbose=False)
    back = from_py4dstem(image, like=s)
    np.testing.assert_array_equal(back.data, image.data)
    axes = s.axes_manager.navigation_axes
    for mine, other in zip(back.axes_manager.signal_axes, axes, strict=True):
        assert mine.scale == other.scale
        assert (mine.offset, mine.units) == (other.offset, other.units)
    assert back.metadata.General.title == "virtual_image"
    # A map of the scan will do as well.
    assert from_py4dstem(image, like=back).axes_manager["x"].offset == 7
    # Without, it has what py4DSTEM knows.
    assert from_py4dstem(image).axes_manager["x"].scale == 0.75


def test_finer_images_lie_on_the_scan(make_scan):
    s = make_scan()
    y, x = (axis.axis for axis in s.axes_manager.navigation_axes[::-1])
    # Pixel (i, j) is at step (i - 2) / 3 and (j - 1) / 2 of the scan.
    image = np.zeros((2 + 3 * SCAN[0], 1 + 2 * SCAN[1]), complex)
    back = from_py4dstem(image, like=s, upsampling=(3, 2), padding=(2, 1))
    assert type(back).__name__ == "ComplexSignal2D"
    down, right = back.axes_manager["y"].axis, back.axes_manager["x"].axis
    np.testing.assert_allclose(down[2::3], y)
    np.testing.assert_allclose(right[1::2], x)


def test_stack_of_images(py4dstem, make_scan):
    s = make_scan()
    values = np.random.default_rng(0).random((2, *SCAN))
    stack = py4dstem.data.RealSlice(values, name="strain", slicelabels=["exx", "eyy"])
    back = from_py4dstem(stack, like=s)
    np.testing.assert_array_equal(back.data, values)
    assert back.axes_manager.navigation_shape == (2,)
    assert back.original_metadata.py4DSTEM.slices == ["exx", "eyy"]


def nonuniform(s):
    s.axes_manager["x"].convert_to_non_uniform_axis()


def other_steps(s):
    s.axes_manager["ky"].scale *= 1.01


def other_units(s):
    s.axes_manager["x"].units = "\u00c5"


def energy(s):
    s.axes_manager.signal_axes.set(units="eV")


def backwards(s):
    s.axes_manager["x"].scale *= -1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (nonuniform, "axis x is not uniform"),
        (other_steps, "ky and kx have the steps"),
        (other_units, "y and x have the units nm and A"),
        (energy, "has the units 'eV'"),
        (backwards, "needs steps above 0"),
    ],
)
def test_axes_that_py4dstem_cannot_hold(make_scan, change, message):
    s = make_scan()
    change(s)
    with pytest.raises(ValueError, match=message):
        to_py4dstem(s)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda s: s.data, TypeError, "HyperSpy signal is needed, not ndarray"),
        (lambda s: hs.signals.Signal1D(np.zeros((3, 4, 5))), ValueError, "neither"),
        (lambda s: hs.stack([s, s]), ValueError, "neither a scan of one or two"),
        (lambda s: hs.signals.Signal2D(np.zeros((2, 3, 4))), ValueError, "stack"),
    ],
)
def test_what_cannot_go_to_py4dstem(make_scan, make, error, message):
    with pytest.raises(error, match=message):
        to_py4dstem(make(make_scan()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give the scan, or a map, as like"),
        ({"like": "scan"}, r"shape \(6, 8\), the scan \(3, 4\).*upsampling \(2 and 2"),
        ({"like": "scan", "upsampling": 3}, "last of 4 probe positions is at pixel 9"),
        ({"like": "scan", "upsampling": 0}, "upsampling must be finite and above 0"),
        ({"like": "scan", "upsampling": (1, 2, 3)}, "one number or two"),
        ({"like": "scan", "upsampling": 2, "padding": -1}, "padding must be"),
        ({"like": "pattern", "upsampling": 2}, "single pattern"),
    ],
)
def test_images_that_have_no_place(make_scan, options, message):
    s = make_scan()
    signals = {"scan": s, "pattern": s.inav[0, 0]}
    if "like" in options:
        options = options | {"like": signals[options["like"]]}
    with pytest.raises(ValueError, match=message):
        from_py4dstem(np.zeros((6, 8)), **options)


def test_what_cannot_come_from_py4dstem(make_scan, py4dstem):
    with pytest.raises(TypeError, match="of py4DSTEM or a numpy.ndarray, not builtins"):
        from_py4dstem([[1, 2]])
    with pytest.raises(TypeError, match="Calibration, for which there is no way"):
        from_py4dstem(py4dstem.data.Calibration())
    with pytest.raises(ValueError, match="upsampling and padding are of images"):
        from_py4dstem(to_py4dstem(make_scan()), upsampling=2)
    with pytest.raises(ValueError, match=r"shape \(3, 4\), the scan \(4, 3\)"):
        from_py4dstem(to_py4dstem(make_scan()), like=make_scan(scan=(4, 3)))


def test_nonuniform_axis_of_a_scan_has_no_finer_image(make_scan):
    s = make_scan()
    nonuniform(s)
    assert isinstance(s.axes_manager["x"], DataAxis)
    with pytest.raises(ValueError, match="axis x is not uniform"):
        from_py4dstem(np.zeros((6, 8)), like=s, upsampling=2)
    image = from_py4dstem(np.zeros(SCAN), like=s)
    x = s.axes_manager["x"].axis
    np.testing.assert_array_equal(image.axes_manager["x"].axis, x)
