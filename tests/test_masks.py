"""Masks in every form HyperSpy gives, and what is refused."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyxem.signals import Diffraction1D, Diffraction2D

from hyperspy_4dphase._masks import excluded_patterns, excluded_pixels, same_mask

NAVIGATION, SIGNAL = (3, 4), (6, 5)


@pytest.fixture
def scan():
    counts = np.random.default_rng(1).poisson(2, NAVIGATION + SIGNAL)
    return Diffraction2D(counts.astype(np.uint16))


@pytest.fixture
def navigation_mask(scan):
    return scan.data.sum(axis=(2, 3)) < 60


@pytest.fixture
def signal_mask(scan):
    return scan.data.mean(axis=(0, 1)) > 2


FORMS = {
    "numpy": lambda mask: mask,
    "dask": lambda mask: da.from_array(mask, chunks=(2, 3)),
    "zeros and ones": lambda mask: mask.astype(np.uint8),
    "floats": lambda mask: mask.astype(float),
    "fortran order": np.asfortranarray,
    "list": lambda mask: mask.tolist(),
    "as signal axes": hs.signals.Signal2D,
    "as navigation axes": lambda mask: hs.signals.Signal2D(mask).T,
    "no kind of axes": hs.signals.BaseSignal,
    "lazy": lambda mask: hs.signals.Signal2D(mask).as_lazy(),
    "lazy, as navigation axes": lambda mask: hs.signals.Signal2D(mask).as_lazy().T,
    "one axis of each kind": lambda mask: hs.signals.Signal1D(mask),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(scan, navigation_mask, signal_mask, form):
    expected = navigation_mask.ravel(), signal_mask.ravel()
    given = FORMS[form](navigation_mask), FORMS[form](signal_mask)
    for found, mask in zip(
        (excluded_patterns(scan, given[0]), excluded_pixels(scan, given[1])),
        expected,
        strict=True,
    ):
        assert found.dtype == bool
        np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        lambda mask: mask,
        lambda mask: mask.T,
        lambda mask: mask.as_signal1D(0),
        lambda mask: mask.as_signal1D(1),
        lambda mask: mask.transpose(navigation_axes=[1, 0]),
        lambda mask: mask.transpose(signal_axes=[1, 0]),
    ],
)
def test_masks_computed_from_the_scan(scan, navigation_mask, change, lazy):
    signal = scan.as_lazy() if lazy else scan
    mask = change(signal.sum(axis="sig") < 60)
    np.testing.assert_array_equal(
        excluded_patterns(signal, mask), navigation_mask.ravel()
    )


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        lambda mask: mask,
        lambda mask: mask.T,
        lambda mask: mask.transpose(signal_axes=[1, 0]),
    ],
)
def test_signal_masks_computed_from_the_scan(scan, signal_mask, change, lazy):
    signal = scan.as_lazy() if lazy else scan
    mask = change(signal.mean(axis="nav") > 2)
    np.testing.assert_array_equal(excluded_pixels(signal, mask), signal_mask.ravel())


def test_position_in_x_and_y(scan):
    mask = hs.signals.Signal2D(np.zeros(NAVIGATION, dtype=bool)).T
    x, y = 3, 1
    mask.data[y, x] = True
    excluded = excluded_patterns(scan, mask).reshape(NAVIGATION)
    assert scan.inav[x, y].data.sum() == scan.data[excluded].sum()


def test_square_masks_by_name():
    scan = Diffraction2D(np.ones((3, 3, 4, 5)))
    named = scan.sum(axis="sig")
    named.data = np.arange(9).reshape(3, 3)
    swapped = (named < 4).transpose(navigation_axes=[1, 0])
    np.testing.assert_array_equal(excluded_patterns(scan, swapped), np.arange(9) < 4)


@pytest.mark.parametrize("navigation", [(7,), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("cls", [Diffraction1D, Diffraction2D])
def test_dimensions(navigation, cls):
    signal_shape = (6, 5)[: cls._signal_dimension]
    scan = cls(np.ones(navigation + signal_shape))
    rng = np.random.default_rng(0)
    mask = rng.random(navigation) < 0.5
    found = excluded_patterns(scan, hs.signals.BaseSignal(mask).T)
    np.testing.assert_array_equal(found, mask.ravel())
    mask = rng.random(signal_shape) < 0.5
    np.testing.assert_array_equal(excluded_pixels(scan, mask), mask.ravel())


shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)


@settings(max_examples=40, deadline=None)
@given(navigation=shapes, signal=shapes, values=st.data())
def test_any_shape_and_order(navigation, signal, values):
    scan = hs.signals.BaseSignal(np.ones(navigation + signal))
    scan = scan.transpose(signal_axes=len(signal))
    for resolve, shape in ((excluded_patterns, navigation), (excluded_pixels, signal)):
        mask = values.draw(hnp.arrays(bool, shape))
        mask.flat[0] = False
        order = values.draw(st.permutations(range(mask.ndim)))
        # The same values, whatever order they lie in memory.
        mask = np.ascontiguousarray(mask.transpose(order)).transpose(np.argsort(order))
        found = resolve(scan, mask)
        if not mask.any():
            assert found is None
            continue
        np.testing.assert_array_equal(found, mask.ravel())
        if mask.T.shape != mask.shape:
            with pytest.raises(ValueError, match="in the opposite order"):
                resolve(scan, mask.T)


def test_nothing_excluded(scan):
    assert excluded_patterns(scan, None) is None
    assert excluded_patterns(scan, np.zeros(NAVIGATION, dtype=bool)) is None
    assert excluded_pixels(scan, hs.signals.Signal2D(np.zeros(SIGNAL, bool))) is None


def test_mask_is_not_changed_nor_shared(scan, navigation_mask):
    before = navigation_mask.copy()
    excluded_patterns(scan, navigation_mask)[:] = True
    np.testing.assert_array_equal(navigation_mask, before)


@pytest.mark.parametrize(
    ("mask", "error", "match"),
    [
        (np.zeros((4, 3), bool), ValueError, r"\(4, 3\).*\(3, 4\).*mask\.T fits"),
        (
            hs.signals.Signal2D(np.zeros((4, 3), bool)),
            ValueError,
            r"\(4, 3\).*\(3, 4\).*mask\.data\.T fits",
        ),
        (np.zeros(12, bool), ValueError, r"\(12,\).*\(3, 4\)"),
        (np.zeros(SIGNAL, bool), ValueError, r"\(6, 5\).*\(3, 4\)"),
        (np.array(True), ValueError, r"\(\).*\(3, 4\)"),
        (np.ones(NAVIGATION, bool), ValueError, "True everywhere.*all 12 patterns"),
        (np.full(NAVIGATION, 7), ValueError, "0 and 1, but holds 7"),
        (np.full(NAVIGATION, np.nan), ValueError, "0 and 1, but holds nan"),
        (np.full(NAVIGATION, "x"), TypeError, "navigation_mask must hold booleans"),
        (np.zeros(NAVIGATION, complex), TypeError, "complex"),
    ],
)
def test_refused(scan, mask, error, match):
    with pytest.raises(error, match=match):
        excluded_patterns(scan, mask)


def test_signal_mask_refused(scan):
    with pytest.raises(ValueError, match=r"signal_mask.*\(5, 6\).*\(6, 5\)"):
        excluded_pixels(scan, np.zeros((5, 6), bool))
    with pytest.raises(ValueError, match="all 30 pixels"):
        excluded_pixels(scan, np.ones(SIGNAL, bool))


def test_same_mask(navigation_mask):
    assert same_mask(None, None)
    assert same_mask(navigation_mask, navigation_mask.copy())
    assert not same_mask(navigation_mask, None)
    assert not same_mask(None, navigation_mask)
    assert not same_mask(navigation_mask, ~navigation_mask)


def test_direct_beam_mask_of_pyxem():
    """pyxem exchanges axes and centre; that is seen where the detector is no square."""
    scan = Diffraction2D(np.ones((2, 3, 7, 7)))
    assert excluded_pixels(scan, scan.get_direct_beam_mask(2.0)).sum() > 4
    scan = Diffraction2D(np.ones((2, 3, 7, 8)))
    mask = scan.get_direct_beam_mask(2.0)
    with pytest.raises(ValueError, match=r"Not so if .*get_direct_beam_mask"):
        excluded_pixels(scan, mask)
    # What the shape alone would not show.
    middle = [place.mean() for place in np.nonzero(mask.data.T)]
    assert middle == [3.5, 3.0]
