"""Warps of space: what they carry where, and that nothing folds."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.vae._warps import (
    KernelField,
    Mesh,
    Nodes,
    _measure_volumes,
    interpolate_grid,
)


def points(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_interpolation_is_linear_between_points_of_the_grid():
    low, high = np.array([-1.0, 2.0]), np.array([1.0, 5.0])
    axes = np.linspace(low[0], high[0], 5), np.linspace(low[1], high[1], 7)
    x, y = np.meshgrid(*axes, indexing="ij")
    values = np.stack([2 * x + y, x - y], axis=-1)
    x, y = np.random.default_rng(0).uniform(low, high, (50, 2)).T
    found = interpolate_grid(np.column_stack([x, y]), low, high, values)
    np.testing.assert_allclose(found, np.column_stack([2 * x + y, x - y]))
    # Beyond the box it is as at the edge.
    found = interpolate_grid(np.array([[9.0, 3.0]]), low, high, values)
    np.testing.assert_allclose(found, [[5.0, -2.0]])


def test_kernel_field_follows_a_smooth_field():
    places, others = points(400, 5), points(300, 5, seed=1)
    field = KernelField(places, np.sin(places))
    error = field(others) - np.sin(others)
    assert error.std() < 0.1 * np.sin(others).std()
    assert np.abs(field(np.full((1, 5), 50.0))).max() == 0


def test_slopes_of_kernel_field():
    places = points(40, 3)
    field = KernelField(places, np.cos(places), 0.8)
    at = points(10, 3, seed=1)
    for axis, shift in enumerate(1e-4 * np.eye(3)):
        expected = (field(at + shift) - field(at - shift)) / 2e-4
        np.testing.assert_allclose(field.find_slopes(at)[:, axis], expected, atol=1e-5)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_mesh_never_folds(d):
    """Not even with a field that tries to, and large steps."""
    low, high = np.full(d, -1.0), np.arange(d) + 2.0

    def field(nodes):
        return np.sin(17 * nodes) + np.cos(11 * nodes[:, ::-1])

    mesh = Mesh(low, high, np.random.RandomState(0))
    mesh.follow(field, 12, 0.1)
    assert np.abs(mesh.displacement).max() > 0.1
    volumes = _measure_volumes(mesh._nodes + mesh.displacement, mesh._simplices)
    assert (volumes / _measure_volumes(mesh._nodes, mesh._simplices)).min() > 0
    # What is carried agrees with what was checked.
    moved = mesh.carry(mesh._nodes)
    np.testing.assert_allclose(moved, mesh._nodes + mesh.displacement, atol=1e-9)
    middle = mesh._simplices[::50]
    np.testing.assert_allclose(
        mesh.carry(mesh._nodes[middle].mean(axis=1)),
        moved[middle].mean(axis=1),
        atol=1e-9,
    )
    outside = high + 10 + np.abs(points(5, d))
    np.testing.assert_array_equal(mesh.carry(outside), outside)


@pytest.mark.parametrize("d", [4, 6])
def test_nodes_never_fold(d):
    """Not even where all are drawn to one point, as far as they can go."""
    places = points(200, d)
    warp = Nodes(places, np.random.RandomState(0))
    warp.follow(lambda nodes: -nodes, 40, 0.1)
    shifts = np.concatenate([np.zeros((1, d)), 1e-5 * np.eye(d)])
    moved = warp.carry((places[:, None] + shifts).reshape(-1, d))
    moved = moved.reshape(-1, d + 1, d)
    assert (np.linalg.det(moved[:, 1:] - moved[:, :1]) > 0).all()
    radius = np.linalg.norm(places, axis=1).mean()
    assert np.linalg.norm(moved[:, 0], axis=1).mean() < 0.8 * radius
