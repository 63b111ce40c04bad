"""`vae_embed`: wrong arguments, data that are no counts, and failures midway."""

import sys

import numpy as np
import pytest
from pyxem.signals import Diffraction1D, Diffraction2D
from sklearn.exceptions import ConvergenceWarning

from hyperspy_4dphase import _progress
from hyperspy_4dphase.estimators.vae._sources import HeldPatterns
from hyperspy_4dphase.methods.compress import compress

from .conftest import NAVIGATION, SIGNAL, calibrated, lazy, unchanged

SETTINGS = {
    "epochs": 2,
    "random_state": 0,
    "device": "cpu",
    "show_progressbar": False,
}


def run(signal, **keywords):
    return signal.vae_embed(**(SETTINGS | keywords))


def changed(shape, position, value):
    array = np.ones(shape)
    array[position] = value
    return array


def _fail(block):
    raise OSError("no such sector")


def unreadable_twin(scan):
    signal = lazy(scan)
    signal.data = signal.data.map_blocks(_fail, dtype=scan.data.dtype)
    return signal


class TestArguments:
    """Refused before anything is read, with the earlier results left alone."""

    @pytest.fixture
    def unreadable(self, scan):
        signal = unreadable_twin(scan)
        signal.learning_results.factors = "earlier"
        yield signal
        assert vars(signal.learning_results) == {"factors": "earlier"}

    @pytest.mark.parametrize(
        ("arguments", "error", "match"),
        [
            ({"latent_dim": 0}, ValueError, "latent_dim must be at least 1, not 0"),
            ({"latent_dim": -2}, ValueError, "latent_dim .*not -2"),
            ({"latent_dim": 2.0}, TypeError, "latent_dim must be an integer, not 2.0"),
            ({"latent_dim": True}, TypeError, "not True"),
            ({"latent_dim": None}, TypeError, "latent_dim .*not None"),
            ({"latent_dim": "2"}, TypeError, "latent_dim .*not '2'"),
            ({"latent_dim": 100}, ValueError, "=100.*120 patterns of 99 pix.*rank"),
            ({"architecture": "deep"}, ValueError, "='deep'.*compressed.*convolution"),
            ({"architecture": None}, ValueError, "architecture=None"),
            ({"epochs": 0}, ValueError, "epochs must be at least 1"),
            ({"epochs": 2.5}, TypeError, "epochs must be an integer or None, not 2.5"),
            ({"beta": -0.1}, ValueError, "beta must be .*at least 0, not -0.1"),
            ({"beta": np.nan}, ValueError, "beta must be finite"),
            ({"beta": "one"}, TypeError, "beta must be a number, not 'one'"),
            ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
            ({"batch_size": 64.0}, TypeError, "batch_size .*not 64.0"),
            (
                {"batch_size": 109},
                ValueError,
                "batch_size=109.* 108 .*12 of 120",
            ),
            ({"learning_rate": 0}, ValueError, "learning_rate must be .*above 0"),
            ({"learning_rate": np.inf}, ValueError, "learning_rate must be finite"),
            ({"learning_rate": None}, TypeError, "learning_rate .*not None"),
            ({"random_state": -1}, ValueError, "random_state .*at least 0"),
            ({"random_state": 2**32}, ValueError, "random_state .*2\\*\\*32"),
            ({"random_state": "seed"}, TypeError, "random_state .*not 'seed'"),
            ({"device": "tpu"}, ValueError, "device='tpu'"),
            ({"device": "cuda:99"}, ValueError, "device='cuda:99'"),
            ({"show_progressbar": "yes"}, TypeError, "show_progressbar"),
            ({"return_info": 1}, TypeError, "return_info"),
            ({"compression": 5}, TypeError, "compression .*not int"),
            ({"navigation_mask": np.ones((3, 4))}, ValueError, r"\(3, 4\).*\(12, 10\)"),
            ({"signal_mask": np.zeros((11, 9))}, ValueError, r"\(11, 9\).*\(9, 11\)"),
            (
                {"navigation_mask": np.ones(NAVIGATION, bool)},
                ValueError,
                "True everywhere",
            ),
            ({"signal_mask": np.ones(SIGNAL, bool)}, ValueError, "True everywhere"),
        ],
        ids=str,
    )
    def test_refused(self, unreadable, arguments, error, match):
        with pytest.raises(error, match=match):
            run(unreadable, **arguments)

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [
            ({"latent_dim": 0}, "latent_dim must be at least 1, not 0"),
            ({"latent_dim": 100}, "=100.*120 patterns of 99 pix"),
            ({"architecture": np.arange(2)}, r"architecture=array.*one of \('compr"),
            ({"epochs": 0}, "epochs must be at least 1, not 0"),
            ({"device": "tpu"}, "device='tpu'"),
            ({"sample_weight": np.ones(3)}, r"shape \(3,\)"),
        ],
        ids=str,
    )
    def test_refused_before_torch_is_imported(
        self, unreadable, monkeypatch, arguments, match
    ):
        """The import takes seconds."""
        monkeypatch.setitem(sys.modules, "torch", None)
        with pytest.raises(ValueError, match=match):
            run(unreadable, **arguments)
        with pytest.raises(ModuleNotFoundError, match="PyTorch"):
            run(unreadable)

    @pytest.mark.parametrize(
        ("weights", "match"),
        [
            (np.ones((10, 12)), r"shape \(10, 12\).*navigation shape \(12, 10\)"),
            (np.ones(120), r"shape \(120,\).*\(12, 10\)"),
            (2.0, r"shape \(\)"),
            (changed(NAVIGATION, (3, 4), -1), "1 values that are negative or not"),
            (changed(NAVIGATION, (3, 4), np.nan), "1 values"),
            (changed(NAVIGATION, (3, [4, 5]), np.inf), "2 values"),
            (np.zeros(NAVIGATION), "fewer than 2 patterns"),
            (np.full(NAVIGATION, "a"), "expected a real number"),
            (np.ones(NAVIGATION, complex), "complex128"),
        ],
        ids=str,
    )
    def test_weights_refused(self, unreadable, weights, match):
        with pytest.raises((TypeError, ValueError), match=match):
            run(unreadable, sample_weight=weights)

    def test_masks_leave_too_little(self, unreadable):
        mask = np.ones(NAVIGATION, bool)
        mask[3, :2] = False
        with pytest.raises(ValueError, match="latent_dim=3.*2 patterns of 99 pixels"):
            run(unreadable, latent_dim=3, navigation_mask=mask)
        mask[3, 0] = True
        with pytest.raises(ValueError, match="1 pattern .*at least 2 are needed"):
            run(unreadable, navigation_mask=mask)
        mask[7] = False
        with pytest.raises(ValueError, match="batch_size=20.*only 10 patterns"):
            run(unreadable, navigation_mask=mask, batch_size=20)
        # And so do weights.
        with pytest.raises(ValueError, match="batch_size=20.*only 9 patterns"):
            run(
                unreadable,
                sample_weight=changed(NAVIGATION, slice(1, None), 0),
                batch_size=20,
            )
        with pytest.raises(ValueError, match="fewer than 2 patterns"):
            run(unreadable, sample_weight=mask & False, navigation_mask=mask)

    def test_compression_of_another_scan(self, scan, unreadable):
        compression = compress(scan.inav[:9], show_progressbar=False)
        with pytest.raises(ValueError, match=r"another scan.*\(12, 9\).*\(12, 10\)"):
            run(unreadable, compression=compression)

    @pytest.mark.parametrize("name", ["navigation_mask", "signal_mask"])
    def test_compression_with_other_masks(self, scan, unreadable, name):
        shape = {"navigation_mask": NAVIGATION, "signal_mask": SIGNAL}[name]
        compression = compress(scan, show_progressbar=False)
        mask = np.eye(*shape, dtype=bool)
        with pytest.raises(ValueError, match=f"{name} is not the one"):
            run(unreadable, compression=compression, **{name: mask})

    def test_compression_for_the_convolutional_one(self, scan, unreadable):
        compression = compress(scan, show_progressbar=False)
        with pytest.raises(ValueError, match="compression .*'convolutional'"):
            run(unreadable, architecture="convolutional", compression=compression)


class TestScans:
    def test_no_navigation_axis(self):
        with pytest.raises(ValueError, match=r"no navigation axis.*transpose"):
            run(Diffraction2D(np.ones((9, 11))))

    def test_no_signal_axis(self, scan):
        total = scan.T.inav[0, 0].T
        with pytest.raises(ValueError, match=r"no signal axis.*transpose"):
            Diffraction2D.vae_embed(total)

    def test_axes_in_another_order(self, scan):
        scan.axes_manager[0].navigate = False
        scan.axes_manager[2].navigate = True
        with pytest.raises(ValueError, match="not the first ones"):
            run(scan)

    def test_complex(self):
        scan = Diffraction2D(np.ones((3, 4, 9, 11), complex))
        with pytest.raises(TypeError, match=r"complex128.*abs\(s\)"):
            run(scan)

    def test_single_position(self):
        with pytest.raises(ValueError, match="at least 2 are needed"):
            run(Diffraction2D(np.ones((1, 9, 11))))

    def test_images_only(self):
        scan = calibrated(np.ones((12, 10, 40), "u2"), Diffraction1D)
        with pytest.raises(ValueError, match="two signal axes.*have 1"):
            run(unreadable_twin_1d(scan), architecture="convolutional")

    def test_fewer_directions_than_latent_dimensions(self):
        """The same pattern everywhere, without any noise."""
        scan = Diffraction2D(np.tile(np.arange(99).reshape(SIGNAL), (12, 10, 1, 1)))
        with pytest.raises(ValueError, match=r"latent_dim=7.*only \d directions"):
            run(scan, latent_dim=7)


def unreadable_twin_1d(scan):
    signal = scan.as_lazy()
    signal.data = signal.data.map_blocks(_fail, dtype=scan.data.dtype)
    return signal


@pytest.mark.parametrize(
    ("value", "found"),
    [(np.nan, "2 NaN"), (np.inf, "2 infinite")],
    ids=["NaN", "infinite"],
)
@pytest.mark.parametrize("chunks", [None, (5, 4, 4, 6)])
def test_bad_values(scan, value, found, chunks):
    scan.change_dtype("float32")
    scan.data[7, 3, 2, 8] = scan.data[11, 9, 0, 0] = value
    signal = scan if chunks is None else lazy(scan, chunks)
    with pytest.raises(ValueError, match=found) as error:
        run(signal)
    assert "(7, 3, 2, 8)" in str(error.value)
    assert "signal_mask" in str(error.value)
    # The way out.
    excluded = np.zeros(SIGNAL, bool)
    excluded[2, 8] = excluded[0, 0] = True
    assert np.isfinite(run(signal, signal_mask=excluded).data).all()


@pytest.mark.parametrize("chunks", [None, (5, 4, 4, 6)])
def test_negative_values(scan, chunks):
    """Taken where the scan is compressed, refused where patterns are trained on."""
    scan.change_dtype("float32")
    scan.data[7, 3, 2, 8] = scan.data[11, 9, 0, 0] = -3
    signal = scan if chunks is None else lazy(scan, chunks)
    before = scan.deepcopy()
    assert np.isfinite(run(signal).data).all()
    with pytest.raises(ValueError, match="2 negative") as error:
        run(signal, architecture="convolutional")
    assert "(7, 3, 2, 8)" in str(error.value)
    assert "s.cluster_hierarchical()" in str(error.value)
    assert unchanged(scan, before)
    excluded = np.zeros(SIGNAL, bool)
    excluded[2, 8] = excluded[0, 0] = True
    embedding = run(signal, architecture="convolutional", signal_mask=excluded)
    assert np.isfinite(embedding.data).all()


def test_broken_chunk(scan):
    signal = unreadable_twin(scan)
    before = signal.axes_manager.copy()
    with pytest.raises(RuntimeError, match="block .* OSError: no such sector"):
        run(signal)
    assert str(signal.axes_manager) == str(before)


def spoil(monkeypatch, epoch, action):
    """Do something in the first batch of an epoch."""
    genuine, n_epochs = HeldPatterns.batches, []

    def batches(held, generator):
        n_epochs.append(1)
        for inputs, totals in genuine(held, generator):
            yield (action(inputs) if len(n_epochs) == epoch else inputs), totals

    monkeypatch.setattr(HeldPatterns, "batches", batches)


def interrupt(inputs):
    raise KeyboardInterrupt


def make_infinite(inputs):
    return inputs * float("nan")


@pytest.mark.parametrize(
    ("action", "error"), [(interrupt, KeyboardInterrupt), (make_infinite, RuntimeError)]
)
def test_failure_in_the_first_epoch(scan, monkeypatch, action, error):
    before, bars = scan.deepcopy(), []
    genuine = _progress.progressbar
    monkeypatch.setattr(
        _progress,
        "progressbar",
        lambda **keywords: bars.append(genuine(**keywords)) or bars[-1],
    )
    spoil(monkeypatch, 1, action)
    with pytest.raises(error):
        run(scan, show_progressbar=True)
    assert unchanged(scan, before)
    assert bars
    assert all(bar.disable for bar in bars)


@pytest.mark.parametrize(
    ("action", "match"),
    [(interrupt, "interrupted in epoch 3"), (make_infinite, "not finite in epoch 3")],
)
def test_failure_in_a_later_epoch(scan, monkeypatch, action, match):
    """What there is, with a warning."""
    spoil(monkeypatch, 3, action)
    with pytest.warns(ConvergenceWarning, match=match):
        embedding = run(scan, epochs=5)
    assert embedding.loss.shape == (2, 2)
    assert embedding.provenance["outcome"]["n_epochs"] == 2
    assert np.isfinite(embedding.data).all()
    assert np.isfinite(embedding.decode([0.0, 0.0]).data).all()
