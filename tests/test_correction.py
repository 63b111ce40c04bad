"""What is done to the values of a block: exact, never in place, in any blocks."""

import numpy as np
import pytest

from hyperspy_4dphase._correction import Correction

N_PATTERNS, N_PIXELS = 13, 17


def electrons(seed=0):
    return np.random.default_rng(seed).poisson(3, (N_PATTERNS, N_PIXELS))


def replacing(**options):
    """Four values replaced, given in no order."""
    replaced = np.array([[7, 2, 12, 2], [3, 16, 0, 5], [1.0, 2, 3, 4.4]])
    return Correction(**options).replace_values(replaced)


def blocks(patterns, correction, order, size):
    """Corrected block by block, and put together again."""
    done = np.full(patterns.shape, -1.0)
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        done[rows] = correction(patterns[rows], rows)
    return done


@pytest.mark.parametrize(
    "dtype", ["u1", "u2", "i4", "u4", "i8", "f4", "f8", ">u2", ">f4"]
)
@pytest.mark.parametrize(("gain", "offset"), [(1, 0), (7, 20), (1, 100), (30, 0)])
def test_whole_electrons_of_any_type(dtype, gain, offset):
    true = np.minimum(electrons(), (255 - offset) // gain)
    data = (true * gain + offset).astype(dtype)
    correction = Correction(gain=gain, offset=offset, whole=True)
    found = correction(data, np.arange(N_PATTERNS))
    np.testing.assert_array_equal(found, true)
    assert found.dtype == (np.float32 if correction.is_linear else data.dtype)


@pytest.mark.parametrize("gain", [0.0123, 0.3, 12.7, 300])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_whole_electrons_of_rounded_values(gain, dtype):
    true = electrons() * 1000
    data = (true * gain + 0.4 * gain).astype(dtype)
    correction = Correction(gain=gain, offset=0.4 * gain, whole=True)
    np.testing.assert_array_equal(correction.electrons(data), true)


def test_readout_noise_is_not_rounded():
    data = electrons() * 12.5 + 200 + np.linspace(-3, 3, N_PIXELS)
    found = Correction(gain=12.5, offset=200)(data, np.arange(N_PATTERNS))
    np.testing.assert_allclose(found, (data - 200) / 12.5, rtol=1e-6, atol=1e-6)
    assert found.min() < 0


@pytest.mark.parametrize("dtype", ["u4", "i8", "f8"])
def test_a_large_offset_is_taken_off_exactly(dtype):
    true = electrons()
    data = (true + 2**31).astype(dtype)
    found = Correction(offset=2.0**31, whole=True).electrons(data)
    np.testing.assert_array_equal(found, true)


def test_trivial():
    assert Correction().is_trivial
    assert Correction(whole=True).is_trivial
    assert Correction().replace_values(np.empty((3, 0))).is_trivial
    for other in (Correction(gain=2), Correction(offset=1), replacing()):
        assert not other.is_trivial
    assert not Correction(shifts=lambda patterns, rows: patterns).is_trivial
    data = electrons()
    assert Correction()(data, np.arange(N_PATTERNS)) is data


@pytest.mark.parametrize("dtype", ["u2", "f4", "f8"])
def test_replaced_at_their_places(dtype):
    data = electrons().astype(dtype) + 50
    expected = data.copy()
    fourth = 4 if dtype == "u2" else 4.4
    expected[7, 3], expected[2, 16], expected[12, 0], expected[2, 5] = 1, 2, 3, fourth
    found = replacing()(data, np.arange(N_PATTERNS))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == data.dtype
    assert (data >= 50).all()


@pytest.mark.parametrize("size", [1, 4, 13])
@pytest.mark.parametrize("shuffled", [False, True])
def test_any_blocks_are_the_whole(size, shuffled):
    data = (electrons() * 3 + 20).astype("u2")
    before, rows = data.copy(), np.arange(N_PATTERNS)
    correction = replacing(gain=3, offset=20)
    order = np.random.default_rng(1).permutation(rows) if shuffled else rows
    np.testing.assert_array_equal(
        blocks(data, correction, order, size), correction(data, rows)
    )
    np.testing.assert_array_equal(data, before)


def test_values_instead_are_in_units_of_the_data():
    data = (electrons() * 10 + 100).astype("u2")
    found = replacing(gain=10, offset=100)(data, np.arange(N_PATTERNS))
    assert found[7, 3] == pytest.approx((1 - 100) / 10)


def test_left_out():
    """Corrected and then cut is cut and then corrected."""
    data = electrons() * 2
    patterns, pixels = np.ones(N_PATTERNS, bool), np.ones(N_PIXELS, bool)
    patterns[[0, 7, 9]] = pixels[[5, 6, 11]] = False
    correction = replacing(gain=2)
    expected = correction(data, np.arange(N_PATTERNS))[patterns][:, pixels]
    cut = correction.restrict(patterns, pixels)
    np.testing.assert_array_equal(
        cut(data[patterns][:, pixels], np.arange(patterns.sum())), expected
    )
    assert len(cut.rows) == 2
    assert not len(Correction(gain=2).restrict(patterns, pixels).rows)


def test_shifts_come_last():
    seen = []

    def shifts(patterns, rows):
        seen.append((patterns.copy(), rows))
        return patterns[:, ::-1]

    data, rows = electrons() * 2 + 4, np.arange(N_PATTERNS)
    found = Correction(gain=2, offset=4, shifts=shifts)(data, rows)
    np.testing.assert_array_equal(seen[0][0], electrons())
    np.testing.assert_array_equal(found, electrons()[:, ::-1])
