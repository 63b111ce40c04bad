"""The convolutional network: shapes of patterns, whatever their size and exposure."""

import numpy as np
import pytest
from scipy.special import xlogy

torch = pytest.importorskip("torch")

from hyperspy_4dphase.estimators.vae._convolutional_network import (  # noqa: E402
    ConvolutionalNetwork,
)
from hyperspy_4dphase.estimators.vae._network_parts import make_seeded  # noqa: E402

SHAPE = (19, 26)


def ring_scan(shape=SHAPE, n=300, dose=800.0, seed=0):
    """Counts of a spot that goes round the centre, and its angle: no low rank."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 1.5 * np.pi, n)
    y, x = np.mgrid[: shape[0], : shape[1]]
    y0 = shape[0] * (0.5 + 0.3 * np.sin(angle))[:, None, None]
    x0 = shape[1] * (0.5 + 0.3 * np.cos(angle))[:, None, None]
    spot = np.exp(-((y - y0) ** 2 + (x - x0) ** 2) / 4.5)
    shares = 0.7 * spot / spot.sum((1, 2), keepdims=True) + 0.3 / spot[0].size
    counts = rng.poisson(dose * shares * rng.uniform(0.5, 1.5, (n, 1, 1)))
    return torch.tensor(counts, dtype=torch.float32), angle


def network_of(images, latent_dim=2, seed=0, gain=None, **options):
    options = {"width": 8, "n_hidden": 32} | options
    network = make_seeded(
        lambda: ConvolutionalNetwork(images.shape[1:], latent_dim, **options), seed
    )
    network.prepare(images, gain)
    return network


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    # For images as small as these more threads are slower.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def images():
    return ring_scan()[0]


@pytest.fixture
def network(images):
    return network_of(images)


@pytest.mark.parametrize("shape", [(12, 17), (33, 20), (5, 64), (16, 48)])
@pytest.mark.parametrize("latent_dim", [1, 3])
def test_any_shape_of_image(shape, latent_dim):
    images = ring_scan(shape, n=30)[0]
    network = network_of(images, latent_dim)
    mean, log_variance = network.encode(images)
    assert mean.shape == log_variance.shape == (30, latent_dim)
    decoded = network.decode(mean)
    assert decoded.shape == (30, shape[0] * shape[1])
    np.testing.assert_allclose(decoded.exp().sum(1).detach(), 1, rtol=1e-5)
    assert network.measure_misfit(images, decoded).shape == (30,)
    assert network.embed(decoded).shape == decoded.shape
    assert network.augment(images, torch.Generator()).shape == images.shape
    for value in (mean, log_variance, decoded):
        assert value.dtype == torch.float32
        assert torch.isfinite(value).all()


@torch.no_grad()
def test_flat_patterns_are_the_same_as_images(images, network):
    flat = images.reshape(len(images), -1)
    for one, two in zip(network.encode(images), network.encode(flat), strict=True):
        np.testing.assert_array_equal(one, two)
    decoded = network.decode(network.encode(flat)[0])
    np.testing.assert_array_equal(
        network.measure_misfit(images, decoded), network.measure_misfit(flat, decoded)
    )


@torch.no_grad()
def test_misfit_is_half_the_deviance(images, network):
    network.gain.fill_(2.5)
    decoded = network.decode(network.encode(images)[0]).double()
    X = images.reshape(len(images), -1).double().numpy() / 2.5
    expected = X.sum(axis=1, keepdims=True) * decoded.exp().numpy()
    literal = (xlogy(X, X / expected)).sum(axis=1)
    found = network.measure_misfit(images.double(), decoded).numpy()
    np.testing.assert_allclose(found, literal, rtol=1e-6)
    assert found.min() > 0


@torch.no_grad()
def test_misfit_vanishes_at_the_observed_fractions_and_only_there(images, network):
    X = images.reshape(len(images), -1)
    observed = (X / X.sum(dim=1, keepdim=True)).clamp(min=1e-30).log()
    np.testing.assert_allclose(network.measure_misfit(images, observed), 0, atol=1e-2)
    assert (network.measure_misfit(images, observed.roll(1, dims=1)) > 10).all()


@torch.no_grad()
def test_misfit_of_the_truth_is_about_half_a_unit_a_pixel(network):
    share = torch.full((network.n_pixels,), 1 / network.n_pixels)
    counts = torch.poisson(
        (40 * network.n_pixels * share).repeat(200, 1),
        generator=torch.Generator().manual_seed(0),
    )
    found = network.measure_misfit(counts, share.log().repeat(200, 1)).mean()
    np.testing.assert_allclose(found, (network.n_pixels - 1) / 2, rtol=0.02)


@torch.no_grad()
def test_exposure_is_not_encoded(images, network):
    mean = network.encode(images)[0]
    np.testing.assert_allclose(network.encode(2 * images)[0], mean, atol=1e-4)
    other = network_of(3 * images)
    np.testing.assert_allclose(other.encode(3 * images)[0], mean, atol=0.02)


@torch.no_grad()
def test_a_gain_scales_the_misfit_and_nothing_else(images):
    one, two = network_of(images), network_of(4 * images, gain=4.0)
    latent = one.encode(images)[0]
    decoded = one.decode(latent)
    np.testing.assert_allclose(two.encode(4 * images)[0], latent, atol=1e-4)
    np.testing.assert_allclose(two.decode(latent), decoded, atol=1e-4)
    np.testing.assert_allclose(
        two.measure_misfit(4 * images, decoded),
        one.measure_misfit(images, decoded),
        rtol=1e-4,
    )


@torch.no_grad()
def test_empty_and_dark_patterns_stay_finite(images, network):
    images = images.clone()
    images[3] = 0
    images[:, :4] = 0
    network.prepare(images)
    mean, log_variance = network.encode(images)
    decoded = network.decode(mean)
    for value in (mean, log_variance, decoded, network.measure_misfit(images, decoded)):
        assert torch.isfinite(value).all()
    assert network.measure_misfit(images, decoded)[3] == 0


@torch.no_grad()
def test_begins_near_the_principal_components(images, network):
    X = images.reshape(len(images), -1).double().numpy()
    X /= X.sum(axis=1, keepdims=True)
    mean = X.mean(axis=0)
    scaled = (X - mean) / np.sqrt(np.maximum(mean, 1e-9))
    principal = np.linalg.svd(scaled, full_matrices=False)[0][:, :2] * len(X) ** 0.5
    network.encoder[-1].weight.zero_()
    found = network.encode(images)[0].numpy()
    cosines = np.abs(found.T @ principal / len(X))
    np.testing.assert_allclose(cosines, np.eye(2), atol=0.02)


@torch.no_grad()
def test_augmented_patterns_have_the_noise_of_one_more_exposure(network):
    network.gain.fill_(2.0)
    images = 2 * torch.randint(0, 9, (1, 26)).repeat(19 * 400, 1).reshape(400, *SHAPE)
    noisy = network.augment(images.float(), torch.Generator().manual_seed(0))
    assert noisy.min() >= 0
    np.testing.assert_allclose(noisy.mean((0, 1)), images[0, 0], rtol=0.03, atol=1e-6)
    variance = (noisy - images).square().mean((0, 1))
    np.testing.assert_allclose(variance, 2 * images[0, 0], rtol=1e-3, atol=1e-6)


@torch.no_grad()
def test_the_state_is_all_there_is(images, network):
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    other = ConvolutionalNetwork(SHAPE, 2, width=8, n_hidden=32)
    other.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in state.items()})
    for one, two in zip(network.encode(images), other.encode(images), strict=True):
        np.testing.assert_array_equal(one, two)
    latent = network.encode(images)[0]
    np.testing.assert_array_equal(network.decode(latent), other.decode(latent))


def test_a_seed_gives_the_weights_and_the_global_generator_is_untouched(images):
    before = torch.get_rng_state()
    one, two, other = (network_of(images, seed=seed) for seed in (5, 5, 6))
    one.augment(images, torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)
    pairs = zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(one.decoder[0].weight, other.decoder[0].weight)


def test_training_beats_principal_components_where_a_spot_moves():
    images = ring_scan(n=448)[0]
    network = network_of(images[:320])
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    generator = torch.Generator().manual_seed(0)

    def held_out():
        with torch.no_grad():
            decoded = network.decode(network.encode(images[320:])[0])
            return float(network.measure_misfit(images[320:], decoded).mean())

    before = held_out()
    for _ in range(40):
        batch = images[torch.randint(0, 320, (32,), generator=generator)]
        decoded = network.decode(network.encode(network.augment(batch, generator))[0])
        optimizer.zero_grad()
        network.measure_misfit(batch, decoded).mean().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()
    assert held_out() < 0.8 * min(before, principal_misfit(images))


def principal_misfit(images, n_held_out=128):
    """Misfit of held-out patterns rebuilt from two principal components."""
    X = images.reshape(len(images), -1).double().numpy()
    shares = X / X.sum(axis=1, keepdims=True)
    train, X = shares[:-n_held_out], X[-n_held_out:]
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:2]
    rebuilt = mean + (shares[-n_held_out:] - mean) @ axes.T @ axes
    rebuilt = np.maximum(rebuilt, 0.1 * mean)
    rebuilt /= rebuilt.sum(axis=1, keepdims=True)
    return xlogy(X, X / X.sum(axis=1, keepdims=True) / rebuilt).sum(axis=1).mean()
