"""Means of alike neighbours: less noise, as their variance says, and edges stay."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._field import Field, average_alike

from ..field_points import field_of, flat, interface, ramp


def test_points_have_their_places():
    positions = np.array([[4, 7], [5, 7], [4, 9]])
    field = Field(np.arange(6.0).reshape(3, 2), positions)
    assert field.shape == (2, 3)
    grid = field.spread(np.array([1, 2, 3]), 0)
    np.testing.assert_array_equal(grid, [[1, 0, 3], [2, 0, 0]])
    np.testing.assert_array_equal(field.inside, grid > 0)
    assert field.spread(field.points, np.nan).shape == (2, 3, 2)


@pytest.mark.parametrize("shape", [(900,), (30, 44), (9, 11, 13)])
@pytest.mark.parametrize("n_features", [1, 5, 20])
def test_noise_is_what_the_variance_says(shape, n_features):
    means = average_alike(field_of(flat(shape, n_features)))
    n_around = 3 ** len(shape)
    assert np.median(means.variance) < 2 / n_around
    measured = np.square(means.points).mean()
    assert 0.9 * means.variance.mean() < measured < 1.15 * means.variance.mean()


@pytest.mark.parametrize("n_features", [3, 20])
def test_edges_stay(n_features):
    clean, side = interface(n_features=n_features, height=15.0, blur=1e-6)
    means = average_alike(field_of(clean)).points[:, 2]
    side = side.ravel()
    assert means[side].mean() == pytest.approx(15, abs=0.1)
    assert means[~side].mean() == pytest.approx(0, abs=0.1)
    beside = np.zeros(clean.shape[:-1], bool)
    beside[14:16] = True
    apart = np.abs(means - 15 * side)[beside.ravel()]
    assert apart.max() < 2.5
    assert apart.mean() < 0.5


def test_a_slow_change_stays():
    clean = ramp(slope=1.0)
    means = average_alike(field_of(clean))
    apart = means.points - clean.reshape(-1, clean.shape[-1])
    assert np.square(apart).mean() < 1.2 * means.variance.mean()


def test_masked_positions_do_not_count():
    clean = flat((12, 15))
    kept = np.random.default_rng(3).random((12, 15)) < 0.6
    kept[0, 0] = kept[-1, -1] = True
    whole = field_of(clean)
    part = field_of(clean, kept=kept)
    means = average_alike(part)
    assert len(means.points) == kept.sum()
    n_around = [
        kept[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].sum()
        for y, x in np.argwhere(kept)
    ]
    assert (means.variance >= 1 / np.array(n_around) - 1e-6).all()
    assert means.variance.mean() > average_alike(whole).variance.mean()
    # A position without neighbours stays what it is.
    alone = Field(part.points[:2], np.array([[0, 0], [5, 5]]))
    np.testing.assert_allclose(average_alike(alone).points, part.points[:2])


def test_input_is_unchanged_and_type_kept():
    field = field_of(flat())
    before = field.points.copy()
    means = average_alike(field)
    np.testing.assert_array_equal(field.points, before)
    assert means.points.dtype == np.float32
