"""The gain as planted, within its own standard error, whatever patterns differ in."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._dark_level import restore_clipped
from hyperspy_4dphase.estimators.detector._variance_law import VarianceLaw

from ..detector_scans import SIGNAL, counted, pairs_of, read

N_PIXELS = int(np.prod(SIGNAL))
SEEDS = range(4)


def camera(kind, dose, gain, offset, noise, seed):
    """Doses in electrons a pixel, readout noise in units of the data."""
    electrons = counted(kind, dose * N_PIXELS, seed) * float(gain)
    rng = np.random.default_rng(500 + seed)
    return electrons + offset + rng.normal(0, noise, electrons.shape)


def gains(**options):
    """Found over planted, and their standard errors."""
    laws = [VarianceLaw(pairs_of(camera(**options, seed=seed))) for seed in SEEDS]
    found = np.array([(law.gain, law.gain_error) for law in laws])
    return found.T / options["gain"]


@pytest.mark.parametrize("kind", ["amorphous", "spotty", "bent", "overlapping"])
@pytest.mark.parametrize("dose", [0.5, 4, 50])
@pytest.mark.parametrize("camera", [(1, 20, 0.5), (12, 100, 1)], ids=str)
@pytest.mark.accuracy
def test_gain_is_right_on_average(kind, dose, camera):
    """Within 3 %, and within what its error allows of the mean of four."""
    gain, offset, noise = camera
    found, error = gains(kind=kind, dose=dose, gain=gain, offset=offset, noise=noise)
    allowed = 3 * error.mean() / np.sqrt(len(found))
    assert abs(found.mean() - 1) < max(0.03, allowed)
    assert error.max() < 0.05


@pytest.mark.parametrize("kind", ["amorphous", "spotty", "bent"])
@pytest.mark.accuracy
def test_error_is_that_of_many_scans(kind):
    """Low doses, and readout noise of three gains."""
    for dose, noise in ((0.05, 0.5), (4, 3)):
        found, error = gains(kind=kind, dose=dose, gain=1, offset=20, noise=noise)
        off = (found - 1) / error
        assert np.sqrt(np.square(off).mean()) < 2.2
        assert error.mean() < 0.1


def mostly_dark(seed):
    """A strong direct beam; spots that move, of 5 electrons at most; hot pixels."""
    navigation, signal = (30, 34), (44, 40)
    rng = np.random.default_rng(seed)
    row, column = np.indices(signal)
    y, x = np.indices(navigation)
    image = 800 * np.exp(-((row - 22) ** 2 + (column - 20) ** 2) / 6) + 0.01
    electrons = np.broadcast_to(image, (*navigation, *signal)).copy()
    for spot in rng.uniform(4, 36, (8, 2)):
        moved = np.stack([spot[0] + y / 20, spot[1] + (x > 17)])[..., None, None]
        squares = (row - moved[0]) ** 2 + (column - moved[1]) ** 2
        electrons += 5 * np.exp(-squares / 2)
    electrons = rng.poisson(electrons)
    electrons[..., [5, 31], [30, 9]] += rng.poisson(300, (*navigation, 2))
    return np.rint(12 * electrons + rng.normal(50, 3, electrons.shape)).astype("u2")


def test_scan_of_which_nearly_all_pixels_are_dark():
    """Few pixels are bright, and only these tell the gain."""
    for seed in range(2):
        found = read(mostly_dark(seed)).detector
        assert found.kind == "gain"
        assert found.gain == pytest.approx(12, rel=0.05)
        assert abs(found.gain - 12) < 3 * found.gain_error < 0.1 * 12
        assert found.offset == pytest.approx(50, abs=0.5)
        assert found.readout_noise == pytest.approx(3, rel=0.1)
        assert found.misfit < 0.2


def test_single_high_values_do_not_matter():
    data = camera("spotty", 4, 12, 100, 1, 0)
    clean = VarianceLaw(pairs_of(data))
    rng = np.random.default_rng(0)
    data.flat[rng.choice(data.size, 60, replace=False)] = 60000
    spoilt = VarianceLaw(pairs_of(data))
    assert spoilt.gain == pytest.approx(clean.gain, rel=0.03)


@pytest.mark.parametrize("dose", [0.5, 4])
@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_clipped_values_are_put_back(dose, dtype):
    """Clipping makes the gain 3 to 5 % too large."""
    for seed in range(2):
        data = camera("spotty", dose, 12, 0, 4, seed).clip(0)
        data = np.rint(data) if dtype == "u2" else data
        whole = restore_clipped(pairs_of(data.astype(dtype)))
        assert VarianceLaw(whole).gain == pytest.approx(12, rel=0.04)
        if dose > 1:
            continue
        lowest = whole.patterns[whole.patterns < 0]
        assert np.sqrt(np.square(lowest).mean()) == pytest.approx(4, rel=0.1)


def test_nothing_is_put_back_where_nothing_was_clipped():
    for gain in (1, 30):
        assert restore_clipped(pairs_of(counted(dose=2000) * gain)) is None
    assert restore_clipped(pairs_of(camera("spotty", 4, 12, 100, 4, 0))) is None
