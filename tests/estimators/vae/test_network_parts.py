"""What the networks share."""

import numpy as np
import pytest
import torch

from hyperspy_4dphase.estimators.vae._network_parts import (
    Brightness,
    fix_signs,
    make_perceptron,
    make_seeded,
)


def test_largest_entries_are_positive():
    vectors = torch.tensor([[1.0, -2, 0], [-3, 1, 5], [2, 1, -4]])
    found = fix_signs(vectors)
    np.testing.assert_array_equal(found, [[-1, 2, 0], [3, -1, 5], [-2, -1, -4]])


def test_brightness_is_least_where_it_is_the_mean_total():
    network = make_seeded(lambda: Brightness(2), 0)
    network.typical.fill_(100.0)
    latent, totals = torch.zeros(4, 2), torch.tensor([20.0, 40, 60, 200])
    bias = network.layers[-1].bias

    def loss(logarithm):
        with torch.no_grad():
            bias.add_(logarithm - network(latent)[0])
            return float(network.measure_misfit(latent, totals).mean())

    at_mean = loss(np.log(80 / 100))
    assert at_mean < min(loss(np.log(0.7)), loss(np.log(0.9)))


def test_a_seed_gives_the_weights_and_the_global_generator_is_untouched():
    before = torch.get_rng_state()
    one, two, other = (
        make_seeded(lambda: make_perceptron(3, 2), seed)[0].weight for seed in (5, 5, 6)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("depth", [1, 3])
def test_a_perceptron_gives_little_at_first(depth):
    network = make_seeded(lambda: make_perceptron(4, 5, 32, depth), 0)
    outputs = network(torch.randn(100, 4, generator=torch.Generator().manual_seed(0)))
    assert 0 < float(outputs.detach().abs().max()) < 0.2
