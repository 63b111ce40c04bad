"""Results do what a user of HyperSpy does with any signal."""

import copy
import pickle

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hyperspy.signals import Signal1D, Signal2D

from hyperspy_4dphase import (
    Compression,
    DomainConfidence,
    DomainMap,
    LatentEmbedding,
    PatternDecomposition,
    PhaseMap,
    compress,
)

from ..methods.conftest import calibrated, counts
from ..methods.conftest import planted as planted_components
from .confidences import confident
from .domains import described, mapped
from .phases import named

QUIET = {"show_progressbar": False}
# How many of the last axes of each result are not positions.
KINDS = {
    "domains": (DomainMap, 0),
    "confidence": (DomainConfidence, 0),
    "phases": (PhaseMap, 0),
    "embedding": (LatentEmbedding, 1),
    "decomposition": (PatternDecomposition, 1),
}


@pytest.fixture(scope="module")
def embedding():
    scan = calibrated(counts(*planted_components()))
    mask = np.zeros(scan.data.shape[:2], bool)
    mask[2:4, 7] = True
    return scan.vae_embed(
        epochs=2, navigation_mask=mask, random_state=0, device="cpu", **QUIET
    )


@pytest.fixture(scope="module")
def decomposition():
    scan = calibrated(counts(*planted_components()))
    return scan.decomposition_rnmf(3, return_result=True, random_state=0, **QUIET)


@pytest.fixture(scope="module")
def results(embedding, decomposition):
    return {
        "domains": described()[0],
        "confidence": confident()[0],
        "phases": named()[1],
        "embedding": embedding,
        "decomposition": decomposition,
    }


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def result(results, kind):
    return results[kind].deepcopy()


def same(one, other):
    """Whether two results hold the same: values, axes, and all that belongs to them."""
    assert type(one) is type(other)
    np.testing.assert_array_equal(np.asarray(one.data), np.asarray(other.data))
    assert one.data.dtype == other.data.dtype
    assert str(one.axes_manager) == str(other.axes_manager)
    for found, expected in zip(leaves(one.metadata), leaves(other.metadata), strict=1):
        assert found[0] == expected[0]
        np.testing.assert_array_equal(found[1], expected[1])


def leaves(branch):
    """Names and values of metadata, without what HyperSpy writes into files."""
    return sorted(
        (item for item in _walk(branch.as_dictionary()) if "FileIO" not in item[0]),
        key=lambda item: item[0],
    )


def _walk(branch, name=""):
    if isinstance(branch, dict):
        for key, value in branch.items():
            yield from _walk(value, f"{name}.{key}")
    else:
        yield name, np.asarray(branch)


def belongs(result):
    """Something that belongs to the whole result, not to its values."""
    if isinstance(result, LatentEmbedding):
        return result.decode([0.5, -0.5]).data
    if isinstance(result, PhaseMap):
        return result.quaternions
    if isinstance(result, PatternDecomposition):
        return result.patterns().data
    return np.asarray(result.n_domains)


def places(result, kind):
    """How results are sliced, and rebinned, along the axes of positions."""
    return result.inav if KINDS[kind][1] else result.isig


def test_slices_in_pixels_and_in_units(result, kind):
    part = places(result, kind)[2:6, 1:4]
    assert type(part) is type(result)
    np.testing.assert_array_equal(part.data, result.data[1:4, 2:6])
    x = result.axes_manager[0]
    start, end = float(x.index2value(2)), float(x.index2value(6))
    again = places(result, kind)[start:end, 1:4]
    np.testing.assert_array_equal(again.data, part.data)
    assert again.axes_manager[0].offset == pytest.approx(start)


def test_rectangles_drawn_on_a_map(result, kind):
    x, y = (result.axes_manager[i] for i in (0, 1))
    roi = hs.roi.RectangularROI(
        left=x.index2value(2),
        right=x.index2value(6),
        top=y.index2value(1),
        bottom=y.index2value(4),
    )
    part = roi(result, axes=(x, y))
    assert type(part) is type(result)
    np.testing.assert_array_equal(part.data, result.data[1:4, 2:6])


def test_larger_bins(result, kind):
    ny, nx = (n - n % 2 for n in result.data.shape[:2])
    rest = result.data.shape[2:]
    scale = (2, 2, *[1] * KINDS[kind][1])
    made = result.rebin(scale=scale)
    assert type(made) is type(result)
    assert made.data.dtype == result.data.dtype
    assert made.axes_manager[0].scale == pytest.approx(2 * result.axes_manager[0].scale)
    blocks = result.data[:ny, :nx].reshape(ny // 2, 2, nx // 2, 2, *rest)
    blocks = np.moveaxis(blocks, 2, 1).reshape(ny // 2, nx // 2, 4, *rest)
    if result.data.dtype.kind == "f":
        n_known = np.isfinite(blocks).sum(axis=2)
        with np.errstate(invalid="ignore"):
            expected = np.nansum(blocks, axis=2) / n_known
        if kind == "decomposition":
            # What components contribute adds up, as the counts of a scan do.
            expected = expected * 4
        np.testing.assert_allclose(made.data, expected, rtol=1e-5)
    else:
        n_own = (blocks == made.data[..., np.newaxis]).sum(axis=2)
        for label in np.unique(result.data):
            assert ((blocks == label).sum(axis=2) <= n_own).all()
    even = places(result, kind)[:nx, :ny]
    same_shape = even.rebin(new_shape=made.axes_manager.shape)
    np.testing.assert_array_equal(same_shape.data, made.data)
    out = made.deepcopy()
    out.data = np.zeros_like(made.data)
    assert result.rebin(scale=scale, out=out) is None
    np.testing.assert_array_equal(out.data, made.data)
    lazy = result.as_lazy().rebin(scale=scale)
    np.testing.assert_array_equal(np.asarray(lazy.data), made.data)


def test_bins_are_not_taken_for_the_scan(results):
    for kind in ("domains", "confidence", "phases"):
        made = results[kind].rebin(scale=(2, 2))
        assert not made._is_whole
    domains, scan, _ = mapped()
    with pytest.raises(ValueError, match="whole map"):
        domains.rebin(scale=(1, 1)).mean_patterns(scan)


def test_a_bin_half_masked_has_a_domain():
    domains = mapped(masks=False)[0]
    domains.data[:] = 1
    domains.data[:2, :2] = [[-1, 0], [0, -1]]
    domains.data[2:4, :2] = [[-1, 0], [-1, -1]]
    made = domains.rebin(scale=(2, 2))
    assert made.data[0, 0] == 0
    assert made.data[1, 0] == -1
    assert made.data[0, 1] == 1


def test_lazy_and_back(result):
    lazy = result.as_lazy()
    assert lazy._lazy
    np.testing.assert_array_equal(belongs(lazy), belongs(result))
    lazy.compute(show_progressbar=False)
    same(lazy, result)


def test_axes_exchanged_and_back(result, kind):
    n = KINDS[kind][1]
    if n:
        turned = result.transpose()
        assert turned.axes_manager.signal_dimension == 2
    else:
        turned = result.T
        assert turned.axes_manager.navigation_dimension == 2
    same(turned.T, result)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_other_types(result, dtype):
    before = belongs(result)
    values = result.data.copy()
    result.change_dtype(dtype)
    np.testing.assert_allclose(result.data, values)
    np.testing.assert_array_equal(belongs(result), before)


def test_a_stack_is_a_plain_signal(result, kind):
    pair = [result, result.deepcopy()]
    stack = hs.stack(pair, show_progressbar=False)
    assert type(stack) is (Signal1D if KINDS[kind][1] else Signal2D)
    np.testing.assert_array_equal(stack.data, [result.data] * 2)
    names = {name for name, _ in leaves(stack.metadata)}
    assert not any("Domain" in n or "Phase" in n or "Latent_" in n for n in names)
    assert "Pattern_decomposition" not in names
    parts = stack.split()
    assert len(parts) == 2
    np.testing.assert_array_equal(parts[1].data, result.data)
    # Of a lazy one, what belongs to one result is refused.
    lazy = hs.stack([r.as_lazy() for r in pair], show_progressbar=False)
    with pytest.raises(ValueError, match="stack of .*compute"):
        belongs(lazy)
    with pytest.raises(ValueError, match="stack of .*compute"):
        belongs(lazy.inav[..., 1])
    lazy.compute(show_progressbar=False)
    assert not lazy.metadata.Signal.signal_type


def test_images_side_by_side(result, kind):
    images = result.T if KINDS[kind][1] else [result, result.deepcopy()]
    axes = hs.plot.plot_images(images, colorbar=None, axes_decor="off")
    assert len(axes) == (result.data.shape[-1] if KINDS[kind][1] else 2)
    shown = axes[0].images[0].get_array()
    first = result.data[..., 0] if KINDS[kind][1] else result.data
    np.testing.assert_allclose(np.ma.filled(shown.astype(float), np.nan), first)
    plt.close("all")


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
def test_saved_over_a_file(results, kind, tmp_path, extension):
    path = tmp_path / f"result.{extension}"
    others = [results[name] for name in KINDS if name != kind]
    for other in others[:2]:
        other.save(path, overwrite=True)
    results[kind].save(path, overwrite=True)
    loaded = hs.load(path)
    np.testing.assert_array_equal(loaded.data, results[kind].data)
    assert type(loaded) is KINDS[kind][0]
    np.testing.assert_array_equal(belongs(loaded), belongs(results[kind]))
    # The file that it was loaded from, too.
    loaded.save(path, overwrite=True)
    again = hs.load(path)
    np.testing.assert_array_equal(belongs(again), belongs(loaded))


@pytest.mark.parametrize("how", [copy.deepcopy, copy.copy, lambda r: r.copy()])
def test_copies(result, how):
    same(how(result), result)


@pytest.mark.parametrize("lazy", [False, True])
def test_pickles(result, lazy):
    result = result.as_lazy() if lazy else result
    result.original_metadata.set_item("Own.note", "kept")
    loaded = pickle.loads(pickle.dumps(result))
    same(loaded, result)
    assert loaded._lazy is lazy
    assert loaded.original_metadata.Own.note == "kept"
    np.testing.assert_array_equal(belongs(loaded), belongs(result))


def test_pickles_of_a_compression(tmp_path):
    scan = calibrated(counts(*planted_components()))
    found = compress(scan, random_state=0, print_info=False, **QUIET)
    for again in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert isinstance(again, Compression)
        np.testing.assert_array_equal(again.Q, found.Q)
        assert again.provenance == found.provenance
        again.check_scan(scan)
    found.save(tmp_path / "found")
    first = compress(scan, random_state=1, print_info=False, **QUIET)
    first.save(tmp_path / "found")
    loaded = Compression.load(tmp_path / "found")
    np.testing.assert_array_equal(loaded.Q, first.Q)


def test_shown_as_the_navigator_of_its_scan():
    domains, scan, _ = mapped()
    scan.plot(navigator=domains)
    plt.close("all")
