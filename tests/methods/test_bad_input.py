"""Wrong arguments, data that are no counts, and failures midway."""

import dask.array as da
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import _progress
from hyperspy_4dphase.methods.compress import compress

from .conftest import (
    NAVIGATION,
    SIGNAL,
    cosines,
    lazy,
    unchanged,
)

SETTINGS = {"random_state": 0, "show_progressbar": False, "print_info": False}


def run(signal, *args, **keywords):
    signal.decomposition_rnmf(*args, **(SETTINGS | keywords))
    return signal.learning_results


class TestArguments:
    """Refused before anything is read, with the earlier results left alone."""

    @pytest.fixture
    def unreadable(self, scan):
        signal = lazy(scan)
        signal.data = signal.data.map_blocks(_fail, dtype=scan.data.dtype)
        signal.learning_results.factors = "earlier"
        yield signal
        assert vars(signal.learning_results) == {"factors": "earlier"}

    @pytest.mark.parametrize(
        ("arguments", "error", "match"),
        [
            ({"output_dimension": 0}, ValueError, "output_dimension .* at least 1"),
            ({"output_dimension": -2}, ValueError, "not -2"),
            ({"output_dimension": 2.0}, TypeError, "output_dimension .*not 2.0"),
            ({"output_dimension": True}, TypeError, "not True"),
            ({"output_dimension": "3"}, TypeError, "an integer or None"),
            ({"output_dimension": 100}, ValueError, "120 patterns of 99 pixels"),
            ({"oversampling": -1}, ValueError, "oversampling .*at least 0"),
            ({"oversampling": None}, TypeError, "oversampling"),
            ({"power_iterations": 0}, ValueError, "power_iterations .*at least 1"),
            ({"power_iterations": 1.5}, TypeError, "power_iterations"),
            ({"max_iter": 0}, ValueError, "max_iter .*at least 1"),
            ({"max_iter": None}, TypeError, "max_iter"),
            ({"tol": -1e-4}, ValueError, "tol .*at least 0"),
            ({"tol": np.nan}, ValueError, "tol .*finite"),
            ({"tol": "small"}, TypeError, "tol .*not 'small'"),
            ({"random_state": -1}, ValueError, "random_state .*at least 0"),
            ({"random_state": 2**32}, ValueError, "random_state .*2\\*\\*32"),
            ({"random_state": "seed"}, TypeError, "random_state .*not 'seed'"),
            ({"device": "tpu"}, ValueError, "device='tpu'"),
            ({"device": "cuda:99"}, ValueError, "device='cuda:99'"),
            ({"normalize_poissonian_noise": "yes"}, TypeError, "normalize_poisson"),
            ({"show_progressbar": "yes"}, TypeError, "show_progressbar"),
            ({"print_info": None}, TypeError, "print_info .*True or False"),
            ({"return_info": 1}, TypeError, "return_info"),
            ({"compression": 5}, TypeError, "compression .*not int"),
            ({"navigation_mask": np.ones((3, 4))}, ValueError, r"\(3, 4\).*\(12, 10\)"),
            ({"signal_mask": np.zeros((11, 9))}, ValueError, r"\(11, 9\).*\(9, 11\)"),
            ({"navigation_mask": np.ones(NAVIGATION)}, ValueError, "True everywhere"),
            ({"signal_mask": np.ones(SIGNAL)}, ValueError, "True everywhere"),
        ],
        ids=str,
    )
    def test_refused(self, unreadable, arguments, error, match):
        with pytest.raises(error, match=match):
            unreadable.decomposition_rnmf(**(SETTINGS | arguments))

    @pytest.mark.parametrize(
        ("arguments", "error", "match"),
        [
            ({"rank": 0}, ValueError, "rank must be at least 1"),
            ({"rank": 2.5}, TypeError, "rank must be an integer or None"),
            ({"device": "tpu"}, ValueError, "device='tpu'"),
            ({"random_state": "seed"}, TypeError, "random_state"),
            ({"show_progressbar": 1}, TypeError, "show_progressbar"),
        ],
        ids=str,
    )
    def test_refused_by_compress(self, unreadable, arguments, error, match):
        with pytest.raises(error, match=match):
            compress(unreadable, **arguments)

    def test_masks_leave_too_little(self, unreadable):
        mask = np.ones(NAVIGATION, bool)
        mask[3, :2] = False
        with pytest.raises(ValueError, match="3 components.*2 patterns of 99 pixels"):
            run(unreadable, 3, navigation_mask=mask)
        mask[3, 0] = True
        with pytest.raises(ValueError, match="at least 2 are needed"):
            run(unreadable, navigation_mask=mask)


class TestScans:
    def test_no_navigation_axis(self):
        with pytest.raises(ValueError, match=r"no navigation axis.*transpose"):
            run(Diffraction2D(np.ones((9, 11))), 2)

    def test_no_signal_axis(self, scan):
        with pytest.raises(ValueError, match=r"no signal axis.*transpose"):
            compress(scan.sum("sig"))

    def test_axes_in_another_order(self, scan):
        scan.axes_manager[0].navigate = False
        scan.axes_manager[2].navigate = True
        with pytest.raises(ValueError, match="not the first ones"):
            run(scan, 2)

    def test_complex(self):
        scan = Diffraction2D(np.ones((3, 4, 9, 11), complex))
        with pytest.raises(TypeError, match=r"complex128.*abs\(s\)"):
            run(scan, 2)
        with pytest.raises(TypeError, match=r"complex128.*abs\(s\)"):
            compress(scan.as_lazy())

    def test_single_position(self):
        with pytest.raises(ValueError, match="at least 2 are needed"):
            run(Diffraction2D(np.ones((1, 9, 11))))


BAD = {
    "NaN": (np.nan, "2 NaN", "signal_mask"),
    "infinite": (np.inf, "2 infinite", "signal_mask"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("chunks", [None, (5, 4, 9, 11), (5, 4, 4, 6)])
def test_bad_values(scan, kind, chunks):
    value, found, way_out = BAD[kind]
    scan.change_dtype("float32")
    scan.data[7, 3, 2, 8] = scan.data[11, 9, 0, 0] = value
    signal = scan if chunks is None else lazy(scan, chunks)
    signal.learning_results.factors = "earlier"
    with pytest.raises(ValueError, match=found) as error:
        run(signal, 3)
    assert "(7, 3, 2, 8)" in str(error.value)
    assert way_out in str(error.value)
    assert vars(signal.learning_results) == {"factors": "earlier"}
    # The way out.
    excluded = np.zeros(NAVIGATION, bool)
    excluded[7, 3] = excluded[11, 9] = True
    run(signal, 3, navigation_mask=excluded)
    excluded = np.zeros(SIGNAL, bool)
    excluded[2, 8] = excluded[0, 0] = True
    results = run(signal, 3, signal_mask=excluded)
    assert np.isfinite(results.loadings).all()


@pytest.mark.parametrize("dtype", ["float32", "int16"])
@pytest.mark.parametrize("chunks", [None, (5, 4, 4, 6)])
def test_negative_values_are_taken(scan, dtype, chunks):
    """As from a camera whose offset was subtracted: the result hardly changes."""
    expected = run(scan.deepcopy(), 3)
    scan.change_dtype(dtype)
    scan.data[7, 3, 2, 8] = scan.data[11, 9, 0, 0] = -3
    signal = scan if chunks is None else lazy(scan, chunks)
    before = scan.deepcopy()
    results = run(signal, 3)
    assert unchanged(scan, before)
    assert results.loadings.min() >= 0
    assert results.factors.min() >= 0
    assert cosines(results.factors.T, expected.factors.T).min() > 0.99
    assert cosines(results.loadings.T, expected.loadings.T).min() > 0.99


def _fail(block):
    raise OSError("no such sector")


class Chunks:
    """An array-like of which one read fails, once the given number were fine."""

    def __init__(self, data, n_fine, failure):
        self.data, self.n_fine, self.failure = data, n_fine, failure
        self.shape, self.dtype, self.ndim = data.shape, data.dtype, data.ndim
        self.n_reads = 0

    def __getitem__(self, item):
        self.n_reads += 1
        if self.n_reads > self.n_fine:
            raise self.failure("no such sector")
        return self.data[item]


def failing(data, n_fine, failure):
    """Nine chunks, of which so many can be read before there is a failure."""
    chunks = Chunks(data, n_fine, failure)
    return da.from_array(
        chunks,
        chunks=(5, 4, 9, 11),
        asarray=False,
        name=False,
        # Without it dask asks the array for an empty part, which counts.
        meta=np.empty((0,) * 4, data.dtype),
    )


@pytest.fixture
def with_results(scan):
    """A lazy scan with earlier results, and how they were."""
    signal = lazy(scan)
    run(signal, 2)
    signal.blind_source_separation(algorithm="orthomax", diff_order=0, print_info=False)
    return signal, dict(vars(signal.learning_results))


@pytest.mark.parametrize(
    ("held", "n_fine"),
    [(True, 0), (True, 4), (False, 0), (False, 4), (False, 13)],
    ids=str,
)
@pytest.mark.parametrize(
    ("failure", "expected", "match"),
    [
        (OSError, RuntimeError, "block .* OSError: no such sector"),
        (KeyboardInterrupt, KeyboardInterrupt, None),
    ],
    ids=["broken chunk", "Ctrl-C"],
)
def test_failure_midway(request, with_results, held, n_fine, failure, expected, match):
    """Whether the scan is read once and held, or again and again in small blocks."""
    signal, before = with_results
    if not held:
        request.getfixturevalue("small_blocks")
    data = signal.data
    signal.data = failing(data.compute(), n_fine, failure)
    with pytest.raises(expected, match=match) as error:
        run(signal, 3)
    if expected is RuntimeError:
        assert isinstance(error.value.__cause__, OSError)
    assert vars(signal.learning_results) == before
    # And it works again afterwards, from the beginning.
    signal.data = data
    assert run(signal, 3).output_dimension == 3


def test_ctrl_c_while_factorizing(with_results, monkeypatch):
    signal, before = with_results

    def interrupted(*args, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("hyperspy_4dphase.estimators.nmf._asked.hals", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(signal, 3)
    assert vars(signal.learning_results) == before


@pytest.mark.usefixtures("small_blocks")
def test_ctrl_c_closes_the_progress_bar(scan, monkeypatch):
    signal = lazy(scan)
    signal.data = failing(scan.data, 7, KeyboardInterrupt)
    bars = []
    genuine = _progress.progressbar
    monkeypatch.setattr(
        _progress,
        "progressbar",
        lambda **keywords: bars.append(genuine(**keywords)) or bars[-1],
    )
    with pytest.raises(KeyboardInterrupt):
        run(signal, 3, show_progressbar=True)
    assert bars
    assert all(bar.disable for bar in bars)
