"""`cluster_hierarchical`: refused before anything is read, in words that help."""

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction1D, Diffraction2D

from hyperspy_4dphase.methods.compress import compress

from .conftest import calibrated, lazy, unchanged
from .domain_scans import NAVIGATION, SIGNAL, planted

SETTINGS = {"random_state": 0, "device": "cpu", "show_progressbar": False}
N = int(np.prod(NAVIGATION))


def run(signal, *arguments, **keywords):
    return signal.cluster_hierarchical(*arguments, **(SETTINGS | keywords))


def _fail(block):
    raise OSError("no such sector")


@pytest.fixture
def scan():
    return planted()[0]


@pytest.fixture
def unreadable(scan):
    """Whoever reads it fails; its earlier results stay."""
    signal = lazy(scan, (5, 4, 9, 11))
    signal.data = signal.data.map_blocks(_fail, dtype=scan.data.dtype)
    signal.learning_results.loadings = earlier = np.ones((N, 3))
    yield signal
    assert vars(signal.learning_results)["loadings"] is earlier


@pytest.fixture(scope="module")
def embedding():
    return planted()[0].vae_embed(epochs=1, **SETTINGS)


def all_but(n):
    mask = np.ones(NAVIGATION, bool)
    mask.flat[:n] = False
    return mask


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_domains": 0}, ValueError, "n_domains must be at least 1, not 0"),
        ({"n_domains": -3}, ValueError, "n_domains .*not -3"),
        ({"n_domains": 2.0}, TypeError, "n_domains must be an integer or None"),
        ({"n_domains": True}, TypeError, "not True"),
        ({"n_domains": "3"}, TypeError, "not '3'"),
        ({"n_domains": N + 1}, ValueError, f"n_domains={N + 1}.* there are {N}"),
        (
            {"n_domains": 4, "navigation_mask": all_but(3)},
            ValueError,
            f"n_domains=4.*masks leave 3 of {N}",
        ),
        ({"navigation_mask": all_but(1)}, ValueError, f"2 probe.*leave 1 of {N}"),
        ({"navigation_mask": all_but(0)}, ValueError, "True everywhere"),
        ({"signal_mask": np.ones(SIGNAL)}, ValueError, "True everywhere"),
        ({"navigation_mask": np.ones((3, 4))}, ValueError, r"\(3, 4\).*\(20, 12\)"),
        ({"signal_mask": np.zeros((11, 9))}, ValueError, r"\(11, 9\).*\(9, 11\)"),
        ({"max_depth": -1}, ValueError, "max_depth must be at least 0"),
        ({"max_depth": 1.5}, TypeError, "max_depth must be an integer"),
        ({"min_size": 0}, ValueError, "min_size must be at least 1"),
        ({"min_size": "few"}, TypeError, "min_size .*not 'few'"),
        ({"rotation_invariant": 1}, TypeError, "rotation_invariant must be True or"),
        ({"rotation_invariant": True}, ValueError, "pixels are square"),
        ({"neighbours_sum": 1}, TypeError, "neighbours_sum must be True or"),
        ({"neighbours_vote": None}, TypeError, "neighbours_vote must be True or"),
        ({"random_state": -1}, ValueError, "random_state .*at least 0"),
        ({"random_state": "seed"}, TypeError, "random_state .*not 'seed'"),
        ({"device": "tpu"}, ValueError, "device='tpu'"),
        ({"show_progressbar": "yes"}, TypeError, "show_progressbar"),
        ({"return_info": 1}, TypeError, "return_info"),
        ({"compression": 5}, TypeError, "compression .*not int"),
        ({"source": "RNMF"}, ValueError, "source='RNMF'; expected None, 'rnmf'"),
        ({"source": 7}, TypeError, "source must be .*not int"),
        ({"source": {"a": 1}}, TypeError, "source must be .*not dict"),
        ({"source": np.ones((12, 20))}, ValueError, r"\(12, 20\).*\(20, 12\)"),
        ({"source": np.ones((240, 2))}, ValueError, r"\(240, 2\).*\(20, 12\)"),
        ({"source": np.ones((20, 12, 2, 2))}, ValueError, "one axis of features"),
        ({"source": np.full(NAVIGATION, "a")}, TypeError, "expected real numbers"),
        ({"source": np.ones(NAVIGATION, complex)}, TypeError, "complex128"),
        ({"source": np.full(NAVIGATION, np.nan)}, ValueError, "NaN at every"),
        ({"source": np.full(NAVIGATION, np.inf)}, ValueError, f"{N} infinite"),
        (
            {"source": hs.signals.Signal1D(np.ones((12, 20, 2)))},
            ValueError,
            r"another scan.*\(12, 20\).*the scan \(20, 12\)",
        ),
        (
            {"source": hs.signals.Signal2D(np.ones((12, 20)))},
            ValueError,
            r"another scan.*\(12, 20\).*\(20, 12\)",
        ),
        ({"source": "rnmf"}, ValueError, "there is none.*decomposition_rnmf"),
    ],
    ids=str,
)
def test_refused(unreadable, arguments, error, match):
    with pytest.raises(error, match=match):
        run(unreadable, **arguments)


def test_loadings_of_another_scan(unreadable):
    unreadable.learning_results.factors = np.ones((99, 3))
    earlier = unreadable.learning_results.loadings
    unreadable.learning_results.loadings = np.ones((77, 3))
    with pytest.raises(ValueError, match=r"\(77, 3\).*240 probe positions"):
        run(unreadable, "rnmf")
    unreadable.learning_results.loadings = earlier


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda s: s.inav[:9], r"source is of.*\(20, 12\).*the scan \(20, 9\)"),
        (lambda s: setattr(s.axes_manager[0], "scale", 9), "0.5 nm per.*scan 9 nm"),
        (lambda s: setattr(s.axes_manager[1], "units", "um"), "1.5 nm.*1.5 um"),
        (lambda s: setattr(s.axes_manager[1], "offset", 3), "begins at 10.*at 3"),
    ],
)
def test_embedding_of_another_scan(unreadable, embedding, change, match):
    other = change(unreadable) or unreadable
    with pytest.raises(ValueError, match=match):
        run(other, embedding)


class TestCompression:
    def test_of_another_scan(self, scan, unreadable):
        compression = compress(scan.inav[:9], show_progressbar=False)
        with pytest.raises(ValueError, match=r"another scan.*\(20, 9\).*\(20, 12\)"):
            run(unreadable, compression=compression)

    def test_with_other_masks(self, scan, unreadable):
        compression = compress(scan, show_progressbar=False)
        with pytest.raises(ValueError, match="navigation_mask is not the one"):
            run(unreadable, compression=compression, navigation_mask=all_but(5))

    def test_with_a_source(self, scan, unreadable):
        compression = compress(scan, show_progressbar=False)
        with pytest.raises(ValueError, match="compression was given with a source"):
            run(unreadable, np.ones(NAVIGATION), compression=compression)

    def test_that_leaves_one_position(self, scan, unreadable):
        compression = compress(scan, all_but(3), show_progressbar=False)
        with pytest.raises(ValueError, match="n_domains=4.*leave 3"):
            run(unreadable, n_domains=4, compression=compression)


class TestScans:
    def test_no_navigation_axis(self):
        with pytest.raises(ValueError, match=r"no navigation axis.*transpose"):
            run(Diffraction2D(np.ones((9, 11))))

    def test_complex(self):
        with pytest.raises(TypeError, match=r"complex128.*abs\(s\)"):
            run(Diffraction2D(np.ones((3, 4, 9, 11), complex)))

    def test_single_position(self):
        with pytest.raises(ValueError, match="2 probe positions.*there are 1"):
            run(Diffraction2D(np.ones((1, 9, 11))))

    def test_rotations_of_curves(self):
        scan = calibrated(np.ones((12, 10, 40), "u2"), Diffraction1D)
        with pytest.raises(ValueError, match="images only"):
            run(scan, rotation_invariant=True)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_bad_values(self, scan, value):
        scan.change_dtype("float32")
        scan.data[7, 3, 2, 8] = value
        before = scan.deepcopy()
        with pytest.raises(ValueError, match=r"\(7, 3, 2, 8\)"):
            run(scan)
        assert unchanged(scan, before)

    def test_negative_values_are_taken(self, scan):
        scan.change_dtype("float32")
        scan.data[7, 3, 2, 8] = -3
        before = scan.deepcopy()
        assert run(scan).n_domains == 3
        assert unchanged(scan, before)

    def test_broken_chunk(self, unreadable):
        with pytest.raises(RuntimeError, match="block .* OSError: no such sector"):
            run(unreadable)
