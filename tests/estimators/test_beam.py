import numpy as np
import pytest

from hyperspy_4dphase.data import battery_interface
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators._beam import beam_movement

NAVIGATION, SIGNAL = (24, 28), (48, 52)


def movement(drift, used=None):
    signal, truth = battery_interface(
        NAVIGATION, SIGNAL, 3000, random_state=0, beam_drift=drift
    )
    used = np.arange(np.prod(SIGNAL)) if used is None else used
    patterns = signal.data.reshape(np.prod(NAVIGATION), -1)[:, used]
    found = beam_movement(compress_patterns(patterns, random_state=0), used, SIGNAL)
    if truth.beam_shift is None:
        return found, 0.0
    shift = truth.beam_shift.reshape(-1, 2)
    shift = shift - np.median(shift, axis=0)
    return found, np.sqrt((shift**2).sum(axis=1).mean())


def test_still_beam_does_not_move():
    assert movement(0)[0] < 0.02


@pytest.mark.parametrize("drift", [1, 2])
def test_drift_is_measured(drift):
    found, true = movement(drift)
    assert found == pytest.approx(true, rel=0.4)


def test_masked_detector():
    used = np.flatnonzero(np.arange(np.prod(SIGNAL)) % SIGNAL[1] > 3)
    found, true = movement(2, used)
    assert found == pytest.approx(true, rel=0.4)


def test_no_beam():
    patterns = np.random.default_rng(0).poisson(3, (60, 30)).astype(np.uint16)
    patterns[:, 7] = 0
    patterns[:, 11] = 5000
    compressed = compress_patterns(patterns, random_state=0)
    assert beam_movement(compressed, np.arange(30), (5, 6)) == 0
