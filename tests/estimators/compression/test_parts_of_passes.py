"""Accumulators: parts of any cut, merged, written and read again, are one whole."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._first_pass import FirstPass
from hyperspy_4dphase.estimators.compression._passes import GramPass, ProjectionPass
from hyperspy_4dphase.estimators.compression._scaling import Scaling
from hyperspy_4dphase.estimators.detector._neighbours import RunFinder
from hyperspy_4dphase.estimators.detector._spikes import SpikeFinder

from ..conftest import N_PATTERNS, N_PIXELS

SHAPE = (10, N_PIXELS // 10)


def passes():
    rng = np.random.default_rng(2)
    V = rng.standard_normal((N_PIXELS, 6)).astype(np.float32)
    scaling = Scaling(rng.uniform(0.5, 2, N_PIXELS), row_limit=140.0)
    positions = np.stack(np.unravel_index(np.arange(N_PATTERNS), (20, 30)), 1)
    finders = SpikeFinder(SHAPE, np.arange(N_PIXELS)), RunFinder(positions, 3)
    picked = rng.random(N_PATTERNS) < 0.2
    return {
        "first": FirstPass(picked, None, None, 0.0, *finders),
        "gram": GramPass(V, scaling, 5),
        "projection": ProjectionPass(V, scaling),
    }


@pytest.fixture(params=["first", "gram", "projection"])
def empty(request):
    return passes()[request.param]


def part_of(empty, X, rows):
    part = empty.start()
    for some in np.array_split(rows, 3):
        part.update(X[some], some)
    return part


def assert_equal(one, other, **tolerance):
    one, other = one.arrays(), other.arrays()
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_allclose(values, other[name], err_msg=name, **tolerance)


def halves(empty, X):
    rows = np.arange(N_PATTERNS)
    return [part_of(empty, X, half) for half in np.array_split(rows, 2)]


def test_parts_know_nothing_of_each_other(empty, X):
    one, _ = halves(empty, X)
    kept = {name: values.copy() for name, values in one.arrays().items()}
    halves(empty, X)
    for name, values in one.arrays().items():
        np.testing.assert_array_equal(values, kept[name])
    assert not empty.sums
    assert not empty.pieces


def test_restored_parts_go_on_as_if_nothing_had_happened(empty, X, tmp_path):
    whole = empty.start()
    for part in halves(empty, X):
        whole.merge(part)
    first, second = halves(empty, X)
    np.savez(tmp_path / "part.npz", **empty.start().merge(first).arrays())
    with np.load(tmp_path / "part.npz") as stored:
        restored = empty.restore(stored)
    assert type(restored) is type(empty)
    assert_equal(restored.merge(second), whole)


def test_workers_do_not_change_a_bit(empty, X, monkeypatch):
    found = []
    for n_workers in (1, 3):
        name = "hyperspy_4dphase._block_reading.available_threads"
        monkeypatch.setattr(name, lambda n=n_workers: n)
        blocks = PatternBlocks(X, 1, block_values=4 * N_PIXELS)
        found.append(blocks.accumulate(empty))
    assert_equal(*found, rtol=0)
