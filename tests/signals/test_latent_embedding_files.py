"""`LatentEmbedding` in files: reloaded whole, by any process, without pickles."""

import json

import h5py
import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import LatentEmbedding
from hyperspy_4dphase.signals.latent_embedding import LazyLatentEmbedding

from ..methods.conftest import NAVIGATION, SIGNAL, calibrated, counts, planted

POINTS = np.array([[[0.1, -0.7], [0.4, 0.2]], [[2, 1], [0, 0]], [[1, np.nan], [1, 5]]])


@pytest.fixture(scope="module")
def embedding():
    masks = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    masks[0][2:4, 7] = masks[1][4, 5:9] = True
    scan = calibrated(counts(*planted()))
    return scan.vae_embed(
        epochs=4,
        navigation_mask=masks[0],
        signal_mask=masks[1],
        sample_weight=np.ones(NAVIGATION),
        random_state=0,
        device="cpu",
        show_progressbar=False,
    )


@pytest.fixture(scope="module", params=["hspy", "zspy"])
def path(request, embedding, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / f"embedding.{request.param}"
    embedding.save(path)
    return path


def check_equal(one, other):
    """Nested dicts, whatever arrays are in there."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            check_equal(one[name], other[name])
    else:
        assert (one is None) == (other is None)
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("lazy", [False, True])
def test_reloaded(embedding, path, lazy):
    loaded = hs.load(path, lazy=lazy)
    assert type(loaded) is (LazyLatentEmbedding if lazy else LatentEmbedding)
    np.testing.assert_array_equal(np.asarray(loaded.data), embedding.data)
    assert str(loaded.axes_manager) == str(embedding.axes_manager)
    assert loaded.metadata.General.title == embedding.metadata.General.title
    np.testing.assert_array_equal(loaded.loss, embedding.loss)
    np.testing.assert_array_equal(loaded.active_dimensions, embedding.active_dimensions)
    check_equal(loaded.provenance, embedding.provenance)
    for points in (POINTS, embedding.inav[:, 3]):
        one, other = loaded.decode(points), embedding.decode(points)
        np.testing.assert_allclose(one.data, other.data, rtol=1e-6)
        assert str(one.axes_manager) == str(other.axes_manager)
    np.testing.assert_allclose(
        loaded.decode(loaded.inav[2:8, 3]).data,
        embedding.decode(embedding.inav[2:8, 3]).data,
        rtol=1e-6,
    )


def test_reloaded_encodes(path, embedding):
    scan = calibrated(counts(*planted()))
    quiet = {"device": "cpu", "show_progressbar": False}
    one, other = (e.encode(scan, **quiet) for e in (hs.load(path), embedding))
    np.testing.assert_allclose(one.data, other.data, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="expects"):
        hs.load(path).encode(scan.isig[1:, :], **quiet)


@pytest.mark.parametrize("form", ["hspy", "zspy"])
def test_without_calibration(tmp_path, form):
    """Axes without units or names, which no file can tell from empty ones."""
    scan = Diffraction2D(counts(*planted()))
    quiet = {"device": "cpu", "show_progressbar": False}
    embedding = scan.vae_embed(epochs=1, random_state=0, **quiet)
    embedding.save(tmp_path / f"embedding.{form}")
    loaded = hs.load(tmp_path / f"embedding.{form}")
    one, other = (e.decode(POINTS) for e in (loaded, embedding))
    np.testing.assert_allclose(one.data, other.data, rtol=1e-6)
    assert str(one.axes_manager) == str(other.axes_manager)
    found = loaded.encode(scan, **quiet)
    np.testing.assert_allclose(found.data, embedding.data, atol=0.05)


@pytest.mark.parametrize("lazy", [False, True])
def test_saved_again(embedding, tmp_path, lazy):
    """In the other format."""
    path, again = (tmp_path / f"embedding.{form}" for form in ("hspy", "zspy"))
    embedding.save(path)
    hs.load(path, lazy=lazy).save(again)
    loaded = hs.load(again)
    np.testing.assert_array_equal(loaded.data, embedding.data)
    np.testing.assert_array_equal(
        loaded.decode(POINTS).data, embedding.decode(POINTS).data
    )
    np.testing.assert_array_equal(loaded.loss, embedding.loss)


def test_newer_version(path):
    loaded = hs.load(path)
    loaded.metadata.Latent_embedding.version = 2
    with pytest.raises(ValueError, match="version 2.*update"):
        loaded.decode([0.0, 0.0])


FRESH = """
import sys
import hyperspy.api as hs
import numpy as np
points, out, *paths = sys.argv[1:]
decoded = []
for path in paths:
    embedding = hs.load(path)
    assert "torch" not in sys.modules or decoded
    decoded.append(embedding.decode(np.load(points)))
    print(type(embedding).__name__, type(decoded[-1]).__name__)
np.save(out, [signal.data for signal in decoded])
"""


def test_decoded_in_a_fresh_process(embedding, run_fresh, tmp_path):
    paths = [tmp_path / f"embedding.{form}" for form in ("hspy", "zspy")]
    for path in paths:
        embedding.save(path)
    np.save(tmp_path / "points.npy", POINTS)
    out = tmp_path / "decoded.npy"
    printed = run_fresh(FRESH, tmp_path / "points.npy", out, *paths)
    assert printed.splitlines() == 2 * ["LatentEmbedding Diffraction2D"]
    decoded = np.load(out)
    assert decoded.shape == (2, 3, 2, *SIGNAL)
    for one in decoded:
        np.testing.assert_allclose(one, embedding.decode(POINTS).data, rtol=1e-6)


def is_plain(dtype):
    return dtype.kind in "biufSU" or h5py.check_string_dtype(dtype) is not None


def test_nothing_is_pickled_in_hdf5(path):
    if path.suffix != ".hspy":
        pytest.skip("of .hspy")
    n = 0
    with h5py.File(path) as file:

        def visit(name, item):
            nonlocal n
            for key in item.attrs:
                assert is_plain(item.attrs.get_id(key).dtype), (name, key)
            if isinstance(item, h5py.Dataset):
                n += 1
                assert is_plain(item.dtype), (name, item.dtype)

        file.visititems(visit)
    assert n > 20
    assert b"pickle" not in path.read_bytes()


def test_nothing_is_pickled_in_zarr(path):
    if path.suffix != ".zspy":
        pytest.skip("of .zspy")
    descriptions = [*path.rglob(".zarray"), *path.rglob("zarr.json")]
    assert len(descriptions) > 20
    for description in descriptions:
        content = description.read_text()
        assert "pickle" not in content
        assert json.loads(content).get("dtype") != "|O"
