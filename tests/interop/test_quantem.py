"""To quantem and back by arrays: in its own environment, in HyperSpy's, and both."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hyperspy_4dphase.interop import from_quantem, to_arrays, to_quantem

SCAN, DETECTOR = (3, 4), (6, 5)
FIELDS = ["ky", "kx", "intensity"]
# Where `make .venv-quantem/.ready` puts it.
PYTHON = Path(__file__).parents[2] / ".venv-quantem" / "bin" / "python"
NEEDS_QUANTEM = pytest.mark.skipif(
    not PYTHON.exists(), reason="no .venv-quantem: make test-quantem"
)


@pytest.fixture(scope="module")
def structures():
    """quantem's classes."""
    return pytest.importorskip("quantem.core.datastructures", exc_type=ImportError)


def scan_arrays(dtype="uint16"):
    rng = np.random.default_rng(0)
    return {
        "kind": "dataset",
        "array": rng.poisson(40, (*SCAN, *DETECTOR)).astype(dtype),
        "sampling": np.array([0.75, 0.5, 0.03, 0.02]),
        "origin": np.array([2.0, -1.0, -0.09, -0.04]),
        "units": np.array(["nm", "nm", "A^-1", "A^-1"]),
        "name": "flake",
        "hyperspy": "",
        "metadata": '{"q_transpose": true}',
    }


def peak_arrays(dtype="float64"):
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 5, SCAN)
    counts[0, 1] = 0
    return {
        "kind": "vector",
        "rows": rng.random((counts.sum(), 3)).astype(dtype),
        "counts": counts,
        "fields": np.array(FIELDS),
        "units": np.array(["A^-1", "A^-1", "counts"]),
        "name": "peaks",
        "hyperspy": "",
        "metadata": "{}",
    }


def assert_same(one, other):
    assert set(one) == set(other)
    for name in one:
        a, b = np.asarray(one[name]), np.asarray(other[name])
        assert a.dtype.kind == b.dtype.kind
        assert a.dtype == b.dtype or a.dtype.kind == "U"
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
def test_scan_through_quantem(structures, tmp_path, dtype):
    arrays = scan_arrays(dtype)
    dataset = to_quantem(arrays)
    assert isinstance(dataset, structures.Dataset4dstem)
    assert dataset.array is arrays["array"]
    np.testing.assert_array_equal(dataset.sampling, arrays["sampling"])
    np.testing.assert_array_equal(dataset.origin, arrays["origin"])
    assert dataset.units == ["nm", "nm", "A^-1", "A^-1"]
    assert dataset.metadata["q_transpose"] is True
    assert_same(to_arrays(dataset, tmp_path / "scan.npz"), arrays)
    assert_same(to_arrays(to_quantem(tmp_path / "scan.npz")), arrays)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_peaks_through_quantem(structures, tmp_path, dtype):
    arrays = peak_arrays(dtype)
    vector = to_quantem(arrays)
    assert isinstance(vector, structures.Vector)
    assert vector.fields == FIELDS
    assert vector.shape == SCAN
    start = arrays["counts"].ravel()[:6].sum()
    mine = arrays["rows"][start : start + arrays["counts"][1, 2]]
    np.testing.assert_array_equal(vector[1, 2].tensor.numpy(), mine)
    assert_same(to_arrays(vector, str(tmp_path / "peaks")), arrays)
    assert_same(to_arrays(to_quantem(tmp_path / "peaks.npz")), arrays)


def test_images_and_stacks_through_quantem(structures):
    whole = scan_arrays("float32")
    for n, name in ((2, "Dataset2d"), (3, "Dataset3d")):
        arrays = whole | {
            name: whole[name][:n] for name in ("sampling", "origin", "units")
        }
        arrays["array"] = whole["array"][(0,) * (4 - n)]
        dataset = to_quantem(arrays)
        assert type(dataset) is getattr(structures, name)
        np.testing.assert_array_equal(to_arrays(dataset)["array"], arrays["array"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "cube"}, "kind is 'cube'; expected one of dataset, vector"),
        ({"units": None}, "units is missing"),
        ({"sampling": np.ones(3)}, "Of a dataset of the shape"),
        ({"kind": "vector"}, "rows, counts, fields is missing"),
    ],
)
def test_arrays_that_do_not_fit(change, message):
    arrays = {k: v for k, v in (scan_arrays() | change).items() if v is not None}
    with pytest.raises(ValueError, match=message):
        to_quantem(arrays)


def test_peaks_that_do_not_fit():
    arrays = peak_arrays() | {"counts": np.ones(SCAN, int)}
    with pytest.raises(ValueError, match="Of a vector of the shape"):
        to_arrays(arrays)


def test_wrong_arguments(tmp_path):
    with pytest.raises(TypeError, match="Dataset or Vector of quantem, not list"):
        to_arrays([1, 2])
    with pytest.raises(TypeError, match="file must be a str or a Path, not int"):
        to_arrays(scan_arrays(), 3)
    with pytest.raises(FileNotFoundError):
        to_quantem(tmp_path / "none.npz")


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "scan.npz"
    to_arrays(scan_arrays(), file)
    before = file.read_bytes()
    broken = peak_arrays() | {"fields": np.array(FIELDS, dtype=object)}
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        to_arrays(broken, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_signal_through_a_file(make_scan, same_axes, tmp_path, dtype, lazy):
    s = make_scan(dtype, lazy)
    if lazy:
        s.data = s.data.rechunk((2, 3, 4, 5))
    arrays = to_arrays(s, tmp_path / "scan.npz")
    np.testing.assert_allclose(arrays["sampling"], [0.75, 0.75, 0.025, 0.025])
    np.testing.assert_allclose(arrays["origin"], [-2.5, 7, -0.07, -0.04])
    assert arrays["units"].tolist() == ["nm", "nm", "A^-1", "A^-1"]
    back = from_quantem(tmp_path / "scan.npz")
    assert back.data.dtype == dtype
    np.testing.assert_array_equal(back.data, np.asarray(s.data))
    assert same_axes(back, s)
    assert repr(back).startswith("<ElectronDiffraction2D, title: oxide/flake")
    assert back.metadata.Acquisition_instrument.TEM.beam_energy == 200


def test_metadata_of_any_kind_are_kept(make_scan):
    s = make_scan()
    s.metadata.set_item("Sample.tilt", np.array([1.5, 2.5]))
    s.metadata.set_item("Sample.fourier", np.array([1j]))
    s.metadata.set_item("Sample.thickness", pytest.importorskip("dask.array").ones(2))
    sample = from_quantem(to_arrays(s)).metadata.Sample
    assert (sample.tilt, sample.thickness) == ([1.5, 2.5], [1.0, 1.0])
    assert sample.fourier == ["1j"]


def test_what_quantem_changed_comes_back(make_scan):
    arrays = to_arrays(make_scan())
    # As after binning and cropping there.
    arrays["array"] = arrays["array"][:, 1:, ::2]
    arrays["sampling"] = np.array([0.75, 0.75, 0.05, 0.025])
    arrays["origin"] = np.array([-2.5, 7.75, -0.0575, -0.04])
    back = from_quantem(arrays)
    y, x, ky, kx = (back.axes_manager[name] for name in ("y", "x", "ky", "kx"))
    assert (y.offset, x.offset, x.units) == (-2.5, 7.75, "nm")
    assert (ky.scale, ky.offset, ky.units) == (0.05, -0.0575, "$A^{-1}$")
    # The one that is as it was keeps its units.
    assert (kx.scale, kx.offset, kx.units) == (0.25, -0.4, "1/nm")


def test_dataset_of_quantem_is_a_scan():
    pytest.importorskip("pyxem")
    back = from_quantem(scan_arrays())
    assert repr(back).startswith("<ElectronDiffraction2D, title: flake")
    assert back.axes_manager["ky"].scale == 0.03
    assert back.axes_manager["kx"].units == "$A^{-1}$"
    assert back.original_metadata.quantem.q_transpose is True


def test_maps_patterns_and_means_come_back(make_scan, same_axes):
    s = make_scan("float64")
    image = s.sum(axis=s.axes_manager.signal_axes)
    turned = image.T
    turned.set_signal_type("")
    for signal in (turned, s.inav[0, 0], make_scan("float64", scan=(4,))):
        back = from_quantem(to_arrays(signal))
        np.testing.assert_array_equal(back.data, signal.data)
        assert same_axes(back, signal)
    # A map as navigation axes becomes an image.
    back = from_quantem(to_arrays(image))
    np.testing.assert_array_equal(back.data, image.data)
    assert same_axes(back, turned)
    assert type(back).__name__ == "Signal2D"


def test_vectors_come_back():
    pyxem = pytest.importorskip("pyxem")
    arrays = peak_arrays()
    vectors = from_quantem(arrays)
    assert isinstance(vectors, pyxem.signals.DiffractionVectors)
    assert vectors.column_names == FIELDS
    assert [len(cell) for cell in vectors.data.ravel()] == list(arrays["counts"].flat)
    vectors.axes_manager["x"].scale = 0.5
    again = to_arrays(vectors)
    for name in ("rows", "counts", "fields", "units"):
        np.testing.assert_array_equal(again[name], arrays[name])
    assert from_quantem(again).axes_manager["x"].scale == 0.5


def test_vectors_know_the_step_of_their_scan():
    pytest.importorskip("pyxem")
    known = {"scan_sampling": [2.0, 3.0], "scan_units": ["A", "A"]}
    vectors = from_quantem(peak_arrays() | {"metadata": json.dumps(known)})
    assert vectors.axes_manager["y"].scale == 2
    assert vectors.axes_manager["x"].units == "\u00c5"


def run_there(script, folder):
    """Run a script where quantem is."""
    script = "from hyperspy_4dphase.interop import to_arrays, to_quantem\n" + script
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    subprocess.run(
        [PYTHON, "-c", script], cwd=folder, env=environment, check=True, timeout=300
    )


@NEEDS_QUANTEM
def test_the_whole_way(make_scan, same_axes, tmp_path):
    """Written here, made an object and written there, read here."""
    s = make_scan()
    to_arrays(s, tmp_path / "there.npz")
    script = (
        "scan = to_quantem('there.npz')\n"
        "image = scan.get_virtual_image(mask=scan.array[0, 0] * 0 + 1)\n"
        "to_arrays(scan, 'back.npz')\n"
        "to_arrays(image, 'image.npz')\n"
    )
    run_there(script, tmp_path)
    back = from_quantem(tmp_path / "back.npz")
    np.testing.assert_array_equal(back.data, s.data)
    assert same_axes(back, s)
    image = from_quantem(tmp_path / "image.npz")
    np.testing.assert_array_equal(image.data, s.data.sum((2, 3)))
    assert image.axes_manager["x"].offset == 7


@NEEDS_QUANTEM
def test_the_whole_way_of_vectors(same_axes, tmp_path):
    """Peaks of pyxem become a Vector of quantem, which loses one column, and return."""
    pytest.importorskip("pyxem")
    arrays = peak_arrays()
    vectors = from_quantem(arrays)
    vectors.metadata.General.title = "spots"
    for axis, offset in zip(vectors.axes_manager.navigation_axes, (7, -2), strict=True):
        axis.scale, axis.offset, axis.units = 0.75, offset, "nm"
    to_arrays(vectors, tmp_path / "there.npz")
    script = (
        "vector = to_quantem('there.npz')\n"
        "assert type(vector).__name__ == 'Vector' and vector.shape == (3, 4)\n"
        "assert vector.fields == ['ky', 'kx', 'intensity'], vector.fields\n"
        "to_arrays(vector, 'back.npz')\n"
        "to_arrays(vector.select_fields('ky', 'kx'), 'places.npz')\n"
    )
    run_there(script, tmp_path)
    back = from_quantem(tmp_path / "back.npz")
    assert type(back) is type(vectors)
    assert back.column_names == FIELDS
    assert same_axes(back, vectors)
    assert back.metadata.General.title == "spots"
    for found, sent in zip(back.data.ravel(), vectors.data.ravel(), strict=True):
        assert found.dtype == sent.dtype
        np.testing.assert_array_equal(found, sent)
    places = from_quantem(tmp_path / "places.npz")
    assert places.column_names == FIELDS[:2]
    rows = np.concatenate([cell.reshape(-1, 2) for cell in places.data.ravel()])
    np.testing.assert_array_equal(rows, arrays["rows"][:, :2])
