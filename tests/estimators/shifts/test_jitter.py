"""Shifts from one pattern to the next: found within their errors, and none made up."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.shifts._jitter import measure_jitter
from hyperspy_4dphase.estimators.shifts._pattern_shifts import measure_shifts

from .scenes import POSITIONS, find_shifts, scene

GRID = np.indices((25, 21)).reshape(2, -1).T.astype(float)


class Offsets:
    """A scan of which the offset of each pair is known, but for noise.

    Parameters
    ----------
    shifts : numpy.ndarray, shape (n, 2)
    own, common : float
        Noise of both parts of the detector, each alone and together.
    """

    def __init__(self, shifts, own=0.01, common=0.0, sensitivity=3.0):
        self.positions, self.shifts = GRID, shifts
        self.own, self.common, self.sensitivity = own, common, sensitivity
        n = len(GRID)
        self.scores, self.totals = np.ones((n, 1)), np.ones(n)
        self.forms = SimpleNamespace(shift=np.zeros((2, 2, 1, 1)))

    def evaluate(self, pairs):
        rng = np.random.default_rng(1)
        i, j = pairs
        offset = self.sensitivity * (self.shifts[j] - self.shifts[i])
        values = offset[:, None] + self.own * rng.normal(size=(len(i), 2, 2))
        values += self.common * rng.normal(size=(len(i), 1, 2))
        changes = np.zeros((len(i), 2, 2, 2)) + self.sensitivity * np.eye(2)
        return values, changes

    def noise(self, numbers, one, other):
        """Of half a pair along one axis."""
        variance = self.common**2 + self.own**2
        each = self.common**2, variance, variance
        return np.repeat(np.array(each)[:, None] / 2, len(numbers), axis=1)

    def measure(self, slopes=((0, 0), (0, 0))):
        plane = SimpleNamespace(slopes=np.array(slopes, float))
        return measure_jitter(self, plane, 1.0, self.noise)


def shifts_of(rms):
    return np.random.default_rng(0).normal(0, rms / np.sqrt(2), GRID.shape)


@pytest.mark.parametrize("rms", [0.1, 0.5])
def test_square_is_that_of_the_shifts(rms):
    found = Offsets(shifts_of(rms)).measure()
    assert found.square == pytest.approx(rms**2, rel=0.15)
    assert abs(found.square - rms**2) < 4 * found.error


def test_plane_is_no_jitter():
    slopes = np.array([[0.3, 0.1], [-0.2, 0.25]])
    scan = Offsets(GRID @ slopes.T)
    assert scan.measure(slopes).square == pytest.approx(0, abs=1e-5)
    assert scan.measure().square > 0.05


@pytest.mark.parametrize(("own", "common"), [(2.0, 0.0), (0.01, 1.0), (1.0, 1.0)])
def test_noise_is_no_jitter(own, common):
    """Neither what parts of the detector have alone, nor what both have."""
    found = Offsets(0 * GRID, own, common).measure()
    assert abs(found.square) < 4 * found.error
    assert abs(found.apart) < 0.1
    moved = Offsets(shifts_of(0.5), own, common).measure()
    assert abs(moved.square - 0.25) < 4 * moved.error


def test_what_one_part_tells_alone_is_apart():
    scan = Offsets(0 * GRID, own=2.0)
    # As if there were little noise.
    scan.noise = lambda numbers, one, other: np.full((3, len(numbers)), 0.01)
    found = scan.measure()
    assert found.apart > 0.2
    assert abs(found.square) < 4 * found.error


def test_few_pairs_tell_nothing():
    scan = Offsets(shifts_of(0.5))
    scan.positions = GRID[:3]
    found = scan.measure()
    assert (found.square, found.error) == (0, np.inf)


def test_jitter_is_found_and_no_plane():
    jitter = np.random.default_rng(3).normal(0, 0.3, (len(POSITIONS), 2))
    shifts = find_shifts(scene(jitter), 2000)
    assert shifts.has_jitter
    assert not shifts.plane.significant
    assert shifts.jitter == pytest.approx(0.3 * np.sqrt(2), rel=0.15)


def jittered(images, rms, seed=0):
    """Images (ny, nx, *signal), each shifted on its own."""
    rng = np.random.default_rng(seed)
    moved = np.empty_like(images)
    for i in np.ndindex(images.shape[:2]):
        by = rng.normal(0, rms / np.sqrt(2), 2)
        moved[i] = np.maximum(ndimage.shift(images[i], by, order=1, mode="nearest"), 0)
    return moved


@pytest.mark.parametrize("noise", ["uniform", "measured"])
@pytest.mark.parametrize("kind", ["spotty", "bent", "overlapping"])
def test_uniform_noise_is_no_shift(kind, noise):
    """Domains of scans that stand still, also if noise is said to be the same."""
    from ..detector_scans import NAVIGATION, SIGNAL, counted, expected

    positions = np.indices(NAVIGATION).reshape(2, -1).T
    used = np.arange(np.prod(SIGNAL))

    def of(images):
        X = images.reshape(len(positions), -1)
        compressed = compress_patterns(X, noise=noise, random_state=0, squares=False)
        assert compressed.faulty_pixels is None
        return measure_shifts(compressed, used, SIGNAL, positions)

    for seed in range(2):
        rng = np.random.default_rng(5)
        images = counted(kind, 2000, seed).astype(float)
        if noise == "measured":
            images = 2000 * expected(kind, seed=seed)
            images += rng.normal(20, 2, images.shape)
        shifts = of(images)
        assert not shifts.has_jitter
        assert not shifts.plane.significant
        shifts = of(jittered(images, 0.8, seed))
        assert shifts.has_jitter
        error = max(0.1, 2 * shifts.jitter_error)
        assert shifts.jitter == pytest.approx(0.8, abs=error)
