"""The network for compressed scans: directions of patterns, whatever their length."""

import numpy as np
import pytest
import torch

from hyperspy_4dphase.estimators.vae._compressed_network import CompressedNetwork
from hyperspy_4dphase.estimators.vae._network_parts import make_seeded

N_DIRECTIONS = 6


@pytest.fixture
def points():
    generator = torch.Generator().manual_seed(0)
    spread = torch.tensor([9.0, 5, 3, 1, 1, 1])
    points = torch.randn(400, N_DIRECTIONS, generator=generator) * spread
    return points + torch.tensor([60.0, 0, 0, 0, 0, 0])


@pytest.fixture
def network(points):
    network = make_seeded(lambda: CompressedNetwork(N_DIRECTIONS, 2), 0)
    network.prepare(points)
    return network


@torch.no_grad()
def test_begins_at_the_principal_components(points, network):
    for layer in (network.encoder[-1], network.decoder[-1]):
        layer.weight.zero_()
    directions = (points / points.norm(dim=1, keepdim=True)).double().numpy()
    centred = directions - directions.mean(axis=0)
    principal = np.linalg.svd(centred, full_matrices=False)[0][:, :2]
    latent = network.encode(points)[0]
    found = np.abs(latent.numpy().T @ principal) / len(points) ** 0.5
    np.testing.assert_allclose(found, np.eye(2), atol=0.02)
    left = np.linalg.norm(network.decode(latent).numpy() - directions)
    singular = np.linalg.svd(centred, compute_uv=False)
    assert left == pytest.approx(np.linalg.norm(singular[2:]), rel=1e-2)


@torch.no_grad()
def test_length_is_not_encoded(points, network):
    for one, other in zip(
        network.encode(points), network.encode(3 * points), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-4)


@torch.no_grad()
def test_misfit_is_the_distance_from_the_line(points, network):
    decoded = network.decode(network.encode(points)[0])
    scale = (points * decoded).sum(1) / (decoded * decoded).sum(1)
    distance = (points - scale[:, None] * decoded).norm(dim=1)
    found = network.measure_misfit(points, decoded)
    np.testing.assert_allclose(found, 0.5 * distance**2, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(network.measure_misfit(points, 7 * points), 0, atol=1e-3)
    # A pattern is not the negative of another.
    opposite = network.measure_misfit(points, -points)
    np.testing.assert_allclose(opposite, 0.5 * points.square().sum(1), rtol=1e-5)


@torch.no_grad()
def test_augmented_points_have_the_noise_of_one_more_exposure(points, network):
    noise = network.augment(points, torch.Generator().manual_seed(0)) - points
    assert float(noise.std()) == pytest.approx(1, abs=0.05)
    assert abs(float(noise.mean())) < 0.05


@torch.no_grad()
def test_one_direction():
    network = CompressedNetwork(1, 2)
    network.prepare(torch.ones(5, 1))
    decoded = network.decode(network.encode(torch.ones(5, 1))[0])
    assert torch.isfinite(decoded).all()
