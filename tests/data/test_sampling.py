import numpy as np
import pytest

from hyperspy_4dphase.data._sampling import (
    DENSE,
    PatternSampler,
    add_electrons,
    add_rate,
    alias_table,
    draw_pattern,
)

STILL = np.zeros(2)


def either(function):
    """The compiled function and the Python that it was compiled from."""
    return pytest.mark.parametrize(
        function.__name__, [function, function.py_func], ids=["jitted", "python"]
    )


def table_probabilities(keep, other):
    """What an alias table draws, added up."""
    n = len(keep)
    probabilities = keep / n
    np.add.at(probabilities, other, (1 - keep) / n)
    return probabilities


@either(alias_table)
@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_alias_table_draws_its_weights(alias_table, n):
    weights = np.random.default_rng(n).random(n) ** 6
    weights[n // 2 :: 5] *= n == 1
    weights /= weights.sum()
    keep, other = alias_table(weights)
    np.testing.assert_allclose(table_probabilities(keep, other), weights, atol=1e-12)
    assert np.all(table_probabilities(keep, other)[weights == 0] == 0)


@pytest.fixture(scope="module")
def pattern():
    pattern = np.random.default_rng(3).random((8, 11)) ** 3
    pattern[:, 4] = 0
    return pattern / pattern.sum()


@either(add_electrons)
def test_electrons_follow_the_pattern(add_electrons, pattern, assert_counts):
    image = np.zeros(pattern.shape, dtype=np.uint16)
    keep, other = alias_table(pattern.ravel())
    add_electrons(np.random.default_rng(0), image, keep, other, 20_000.0, STILL)
    assert_counts(image, 20_000 * pattern)
    assert image[:, 4].sum() == 0


def shifted(pattern, rows, columns):
    """A pattern moved by whole pixels, what leaves it lost."""
    moved = np.zeros_like(pattern)
    for row, column in np.ndindex(pattern.shape):
        to = row + rows, column + columns
        if 0 <= to[0] < pattern.shape[0] and 0 <= to[1] < pattern.shape[1]:
            moved[to] = pattern[row, column]
    return moved


@either(add_rate)
@pytest.mark.parametrize("shift", [(0, 0), (2, -3), (-1, 4), (20, 0), (0, -20)])
def test_rate_moves_by_whole_pixels(add_rate, pattern, shift):
    rate = np.zeros(pattern.shape)
    add_rate(rate, pattern, 5.0, np.array(shift, dtype=float))
    np.testing.assert_allclose(rate, 5 * shifted(pattern, *shift))


@either(add_rate)
def test_rate_is_interpolated_linearly(add_rate, pattern):
    rate = np.zeros(pattern.shape)
    add_rate(rate, pattern, 1.0, np.array([-1.25, 2.0]))
    expected = 0.75 * shifted(pattern, -1, 2) + 0.25 * shifted(pattern, -2, 2)
    np.testing.assert_allclose(rate, expected)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (1.3, -2.6), (-0.5, 3.0)])
def test_moved_electrons_follow_the_moved_rate(pattern, shift, assert_counts):
    shift = np.array(shift)
    image = np.zeros(pattern.shape, dtype=np.uint16)
    keep, other = alias_table(pattern.ravel())
    add_electrons(np.random.default_rng(1), image, keep, other, 50_000.0, shift)
    rate = np.zeros(pattern.shape)
    add_rate(rate, pattern, 50_000.0, shift)
    assert_counts(image, rate)


@pytest.mark.parametrize("dense", [False, True])
def test_jitted_and_python_draw_the_same(pattern, dense):
    patterns = np.stack([pattern, pattern[::-1]])[:, np.newaxis]
    patterns = np.concatenate([patterns, patterns[:, :, :, ::-1]], axis=1)
    tables = [alias_table(p.ravel()) for p in patterns.reshape(-1, *pattern.shape)]
    keep, other = (np.stack(t).reshape(2, 2, -1) for t in zip(*tables, strict=True))
    images = []
    for draw in (draw_pattern, draw_pattern.py_func):
        image = np.zeros(pattern.shape, dtype=np.uint16)
        rng = np.random.default_rng(5)
        doses = np.array([300.0, 200.0])
        shift = np.array([0.4, -1.0])
        draw(rng, image, patterns, keep, other, doses, 0.3, shift, dense)
        images.append(image)
    assert images[0].sum() > 300
    np.testing.assert_array_equal(*images)


def sampler_of(patterns, dose, **options):
    """A sampler with nothing special but the options."""
    none = np.zeros((0, 2), int)
    defaults = {"hot_pixels": none, "dead_pixels": none, "hot_counts": 0.0}
    return PatternSampler(
        patterns, dose, seed=1, dtype=np.uint16, **(defaults | options)
    )


@pytest.mark.parametrize("per_pixel", [0.5 * DENSE, 2 * DENSE])
def test_both_ways_of_drawing_agree_with_the_expectation(
    pattern, per_pixel, assert_counts
):
    patterns = np.stack([pattern, pattern[:, ::-1]])[:, np.newaxis]
    dose = per_pixel * pattern.size
    recipes = np.zeros((4, 25, 6))
    recipes[..., 0] = np.arange(100).reshape(4, 25)
    recipes[..., 4:] = 0.7, 0.3
    counts = sampler_of(patterns, dose)(recipes)
    assert counts.shape == (4, 25, 8, 11)
    expected = dose * (0.7 * patterns[0, 0] + 0.3 * patterns[1, 0])
    assert_counts(counts.sum(axis=(0, 1)), 100 * expected)
    totals = counts.sum(axis=(2, 3))
    assert totals.var() == pytest.approx(dose, rel=0.5)


def test_node_mixes_neighbouring_variants(pattern, assert_counts):
    variants = np.stack([pattern, pattern[::-1], pattern[:, ::-1]])[np.newaxis]
    recipes = np.zeros((1, 50, 5))
    recipes[..., 0] = np.arange(50)
    recipes[..., 1], recipes[..., 4] = 1.25, 1.0
    counts = sampler_of(variants, 300.0)(recipes).sum(axis=(0, 1))
    assert_counts(counts, 50 * 300 * (0.75 * variants[0, 1] + 0.25 * variants[0, 2]))
    recipes[..., 1] = 2.0
    counts = sampler_of(variants, 300.0)(recipes).sum(axis=(0, 1))
    assert_counts(counts, 50 * 300 * variants[0, 2])


def test_positions_are_independent_of_their_neighbours(pattern):
    recipes = np.zeros((3, 4, 5))
    recipes[..., 0] = np.arange(12).reshape(3, 4)
    recipes[..., 4] = 1.0
    sampler = sampler_of(pattern[np.newaxis, np.newaxis], 400.0)
    whole = sampler(recipes)
    np.testing.assert_array_equal(sampler(recipes[1:, 2:3]), whole[1:, 2:3])
    assert len(np.unique(whole.reshape(12, -1), axis=0)) == 12
