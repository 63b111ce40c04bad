"""Noise that neighbouring patterns share, or do not."""

import dask.array as da
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from hyperspy_4dphase.estimators.detector._neighbours import (
    RunFinder,
    RunSums,
    measure_neighbour_noise,
)

from ..detector_scans import KINDS, as_camera, counted, read

# Above the first nothing is said, below the second something is.
NOTHING, SOMETHING = 0.85, 0.75


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dose", [50, 2000, 50000])
def test_independent(kind, dose):
    assert read(counted(kind, dose)).neighbours > NOTHING


@pytest.mark.parametrize("kind", ["amorphous", "spotty", "overlapping"])
@pytest.mark.accuracy
def test_independent_noise_is_one(kind):
    ratios = [read(counted(kind, 500, seed)).neighbours for seed in range(4)]
    # Twice as many electrons, the noise of a camera, or a mask change nothing.
    ratios += [read(as_camera(counted(kind), 12, 100, 1)).neighbours]
    assert np.mean(ratios[:4]) == pytest.approx(1, abs=0.08)
    assert min(ratios) > NOTHING


def smoothed(sigma):
    return lambda x: gaussian_filter(x.astype("f8"), (*sigma, 0, 0))


SHARED = {
    "averaged": smoothed((1, 1)),
    "averaged a little": smoothed((0.6, 0.6)),
    "averaged along x": smoothed((0, 0.7)),
    "sum with those before": lambda x: x[1:, 1:] + x[:-1, 1:] + x[1:, :-1],
    "running mean": lambda x: (x[:, 1:] + x[:, :-1]) / 2,
    "repeated along x": lambda x: np.repeat(x, 2, axis=1),
    "repeated along both": lambda x: x.repeat(2, axis=1).repeat(2, axis=0),
    "interpolated": lambda x: zoom(x.astype("f8"), (2, 2, 1, 1), order=1),
    "interpolated along x": lambda x: zoom(x.astype("f8"), (1, 1.7, 1, 1), order=1),
}
SHARED_BY_LINES = {
    "averaged along y": smoothed((0.7, 0)),
    "repeated along y": lambda x: np.repeat(x, 2, axis=0),
    "interpolated along y": lambda x: zoom(x.astype("f8"), (2, 1, 1, 1), order=1),
}


@pytest.mark.parametrize("name", SHARED)
def test_shared(name):
    for seed, (kind, dose) in enumerate([("spotty", 2000), ("overlapping", 200)]):
        data = SHARED[name](counted(kind, dose, seed))
        assert read(data.astype("f4")).neighbours < SOMETHING


@pytest.mark.parametrize("name", SHARED_BY_LINES)
def test_shared_by_lines_of_the_scan(name):
    """Neighbours along the slow axis, too."""
    data = SHARED_BY_LINES[name](counted())
    assert read(data.astype("f4")).neighbours < SOMETHING


def test_whole_numbers_do_not_hide_it():
    """A sum of neighbours is counts, and its own noise is Poisson's."""
    found = read(SHARED["sum with those before"](counted()))
    assert found.detector.kind == "counts"
    assert found.neighbours == pytest.approx(0.5, abs=0.1)


def test_binning_of_the_scan_is_no_averaging():
    """Sums over 2 x 2 positions, each used once, are counts like any others."""
    sums = counted(dose=500).reshape(10, 2, 25, 24, 22).sum(axis=1)
    assert read(sums).neighbours > NOTHING


def struck(data, rate, size, lasting, seed=0):
    """Bright events at single pixels, each lasting for some patterns of a line."""
    rng = np.random.default_rng(seed)
    data = data.astype("f4")
    for _ in range(int(rate * data.size / lasting)):
        y, x, row, column = (rng.integers(0, n) for n in data.shape)
        event = size * (0.5 + rng.exponential())
        data[y, x : x + lasting, row, column] += np.round(event)
    return data


# Each two of rates, lengths, and whether they are kept, meet once.
@pytest.mark.parametrize(
    ("rate", "size", "lasting", "keep_faulty"),
    [
        (1e-4, 100, 1, False),
        (1e-4, 100, 2, True),
        (1e-3, 100, 1, True),
        (1e-3, 100, 2, False),
        (1e-3, 1000, 1, False),
        (1e-3, 1000, 2, True),
    ],
)
@pytest.mark.accuracy
def test_single_events_hide_nothing(rate, size, lasting, keep_faulty):
    for name in ("averaged", "averaged along x", "repeated along both"):
        data = struck(SHARED[name](counted()), rate, size, lasting)
        assert read(data, keep_faulty=keep_faulty).neighbours < SOMETHING
    data = struck(counted(), rate, size, lasting)
    assert NOTHING < read(data, keep_faulty=keep_faulty).neighbours < 1.2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.accuracy
def test_independent_with_single_events(kind):
    for dose in (50, 2000, 50000):
        data = struck(counted(kind, dose), 3e-4, 300, 1)
        assert read(data).neighbours > NOTHING
        if dose == 2000:
            assert not read(as_camera(data, 12, 100, 1)).neighbours < NOTHING


@pytest.mark.parametrize("navigation", [(2, 3), (3, 4), (5, 3)])
def test_too_few_to_tell(navigation):
    assert np.isnan(read(counted(navigation=navigation)).neighbours)


def test_along_a_line_and_in_three_dimensions():
    clean = counted()
    for data, n in ((clean.reshape(500, 24, 22), 1), (clean[None], 3)):
        assert read(data, n).neighbours > NOTHING
        assert read(np.repeat(data, 2, axis=n - 1), n).neighbours < SOMETHING


@pytest.mark.parametrize("chunks", [(3, 25), (20, 5), (7, 9)])
def test_chunks_make_little_difference(chunks):
    for data, low, high in (
        (counted(), NOTHING, 1.2),
        (SHARED["averaged"](counted()), 0, SOMETHING),
    ):
        lazy = da.from_array(data, chunks=(*chunks, 24, 11))
        assert low < read(lazy, block_values=1).neighbours < high


class TestRuns:
    def positions(self, shape=(3, 10)):
        return np.indices(shape).reshape(2, -1).T

    def test_of_a_line(self):
        """Third differences over runs of four, which do not overlap or cross lines."""
        data = np.random.default_rng(0).normal(size=(30, 7))
        runs = RunFinder(self.positions(), 1)(data, np.arange(30))[-1]
        starts = [0, 4, 10, 14, 20, 24]
        differences = np.array([np.diff(data[s : s + 4], 3, axis=0)[0] for s in starts])
        means = [data[s : s + 4].mean(axis=0) for s in starts]
        assert runs.n == len(starts)
        np.testing.assert_allclose(runs.squares, (differences**2).sum(axis=0))
        np.testing.assert_allclose(runs.sums, np.sum(means, axis=0))

    def test_gaps_are_no_neighbours(self):
        kept = np.ones(30, bool)
        kept[[2, 15]] = False
        data = np.random.default_rng(0).normal(size=(28, 7))
        finder = RunFinder(self.positions()[kept], 1)
        assert finder(data, np.arange(28))[-1].n == 4

    def test_what_changes_smoothly_leaves_nothing(self):
        x = np.arange(10.0)
        data = np.stack([x, x**2, 3 + 0 * x], axis=1)
        runs = RunFinder(self.positions((1, 10)), 1)(data, np.arange(10))[-1]
        np.testing.assert_allclose(runs.squares, 0, atol=1e-20)

    def test_too_short(self):
        runs = RunFinder(self.positions((10, 3)), 1)(np.ones((30, 7)), np.arange(30))
        assert [along.n for along in runs] == [6, 0]
        runs = RunFinder(self.positions(), 1)(np.ones((2, 7)), np.arange(2))
        assert [along.n for along in runs] == [0, 0]

    def test_taken(self):
        runs = RunSums(np.arange(5.0), np.arange(5.0) + 1, 9)
        kept = np.array([True, False, True, True, False])
        taken = runs.select(kept)
        np.testing.assert_array_equal(taken.squares, [0, 2, 3])
        np.testing.assert_array_equal(taken.sums, [1, 3, 4])
        assert taken.n == 9
        assert np.isnan(
            measure_neighbour_noise([RunSums(*np.ones((2, 5)), 3)], None, None)
        )
