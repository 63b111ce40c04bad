"""What a Compression gives back of a scan."""

import numpy as np
import pytest

from hyperspy_4dphase import compress

from ..methods.conftest import NAVIGATION, SHAPES, SIGNAL, calibrated, counts, planted

SETTINGS = {"random_state": 0, "show_progressbar": False}


@pytest.fixture(scope="module")
def truth():
    return planted()


@pytest.fixture
def scan(truth):
    return calibrated(counts(*truth))


def error(found, expected):
    kept = np.isfinite(found)
    return np.linalg.norm((found - expected)[kept]) / np.linalg.norm(expected[kept])


def test_reconstruct_removes_noise(scan, truth):
    compression = compress(scan, **SETTINGS)
    expected = np.tensordot(*truth, 1)
    model = compression.reconstruct()
    assert type(model) is type(scan.as_lazy())
    assert model.data.dtype == np.float32
    assert str(model.axes_manager) == str(scan.axes_manager)
    assert model.metadata.General.title == "planted"
    assert error(model.data.compute(), expected) < 0.5 * error(scan.data, expected)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("make", [lambda s: s, lambda s: s.as_lazy()])
def test_shapes(name, make):
    cls, navigation, signal_shape = SHAPES[name]
    truth = planted(navigation, signal_shape)
    scan = make(calibrated(counts(*truth), cls))
    model = compress(scan, **SETTINGS).reconstruct()
    assert isinstance(model, cls)
    assert str(model.axes_manager) == str(scan.axes_manager)
    assert error(model.data.compute(), np.tensordot(*truth, 1)) < 0.2


def test_reconstruct_in_blocks(scan, monkeypatch):
    compression = compress(scan, **SETTINGS)
    whole = compression.reconstruct().data
    monkeypatch.setattr("hyperspy_4dphase.signals.compression._BLOCK_BYTES", 4 * 99 * 7)
    blocks = compression.reconstruct().data
    assert blocks.npartitions > 10
    np.testing.assert_allclose(blocks.compute(), whole.compute(), rtol=1e-6)


def test_masked_is_nan_in_its_place(scan, truth):
    navigation_mask, signal_mask = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    navigation_mask[2:4, 7] = signal_mask[4, 5:9] = True
    compression = compress(scan, navigation_mask, signal_mask, **SETTINGS)
    assert compression.Q.shape[0] == 118
    assert compression.B.shape[1] == 95
    np.testing.assert_array_equal(np.isnan(compression.residual), navigation_mask)
    model = compression.reconstruct().data.compute()
    np.testing.assert_array_equal(np.isnan(model).all(axis=(2, 3)), navigation_mask)
    np.testing.assert_array_equal(np.isnan(model).all(axis=(0, 1)), signal_mask)
    assert error(model, np.tensordot(*truth, 1)) < 0.2
