"""Distortions of latent space: where they pull, and that they never fold it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hyperspy_4dphase.estimators.vae import _distortion
from hyperspy_4dphase.estimators.vae._distortion import latent_distortions

from ..vae_patterns import class_patterns, counted, mixed_labels, vae

IMAGE_SHAPE = (20, 26)


def numpy_global_state():
    return str(np.random.get_state())  # noqa: NPY002


class Toy:
    """What is asked of a model: a decoder, here any function of torch."""

    device = "cpu"

    def __init__(self, decode, latent_dim=2, embed=lambda decoded: decoded):
        self.latent_dim, self._decode = latent_dim, decode
        self.network = SimpleNamespace(
            shapes=SimpleNamespace(decode=decode, embed=embed)
        )

    def decode(self, points):
        return self._decode(torch.from_numpy(points).float()).numpy()


def points(n=300, d=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def wall(latent):
    """A pattern that changes at 0 along the first axis, and little elsewhere."""
    step = torch.tanh(latent[:, :1] / 0.7)
    return torch.cat([step, 0.1 * latent], dim=1)


def wavy(latent):
    return torch.cat([torch.sin(2 * latent), latent + 0.3 * latent**2], dim=1)


def textures(latent):
    """Images whose texture changes little, so that only differences matter."""
    rng = np.random.default_rng(5)
    size = (len(IMAGE_SHAPE) + 1, np.prod(IMAGE_SHAPE))
    first, second, base = torch.from_numpy(rng.uniform(0.2, 1, size)).float()
    x, y = latent.T[:, :, None]
    changes = torch.tanh(2 * x) * (first - 0.6) + torch.sin(1.5 * y) * (second - 0.6)
    # A pixel that stays the brightest: nothing is scaled.
    return (0.5 * base + 0.03 * changes).index_fill(1, torch.tensor([0]), 1.0)


def logarithmic(images):
    return torch.log1p(1000 * images) / np.log(1001)


@pytest.fixture(scope="module")
def trained():
    X = counted(2000 * class_patterns()[mixed_labels(400)])
    model = vae(epochs=3)
    return model.fit_transform(X), model.model_


def test_slopes_of_a_known_metric():
    """For z -> exp(z) of complex numbers the metric is exp(2 x), in all directions."""

    def exponential(latent):
        x, y = latent.T
        return torch.stack([x.exp() * y.cos(), x.exp() * y.sin()], dim=1)

    latent = points().astype(float)
    found = _distortion._find_metric_slopes(Toy(exponential), latent, 0.01)
    metric = np.exp(2 * latent[:, 0])
    np.testing.assert_allclose(found[:, 0], -2 * metric / metric.mean(), rtol=1e-2)
    assert np.abs(found[:, 1]).max() < 1e-2


def test_slopes_in_one_and_three_dimensions():
    for d in (1, 3):
        latent = points(d=d).astype(float)
        found = _distortion._find_metric_slopes(Toy(torch.sinh, d), latent, 0.01)
        metric = np.cosh(latent) ** 2
        expected = np.sinh(2 * latent) / metric.sum(axis=1).mean()
        # Each entry of the metric counts once in the trace and twice along its axis.
        expected *= -3 * d / (d + 2)
        np.testing.assert_allclose(found, expected, rtol=2e-2, atol=2e-3)


def test_both_methods_agree():
    latent = points(100).astype(float)
    model = Toy(textures, embed=logarithmic)
    image = _distortion._check_images(latent, model, IMAGE_SHAPE, None)
    one = _distortion._find_metric_slopes(model, latent, 0.01)
    other = _distortion._find_similarity_slopes(model, image, latent, 0.01)
    lengths = [np.linalg.norm(slopes, axis=1) for slopes in (one, other)]
    cosines = (one * other).sum(axis=1) / lengths[0] / lengths[1]
    assert np.median(cosines) > 0.95
    assert 0.7 < np.median(lengths[1] / lengths[0]) < 1.4


@pytest.mark.parametrize("method", ["jacobian", "ssim"])
def test_clumps_part_where_the_pattern_changes(method):
    """Two clumps with few points between: the gap grows relative to their widths."""
    rng = np.random.default_rng(0)
    centre = np.repeat([-1.0, 1.0], 150)[:, None] * [1, 0]
    latent = centre + rng.normal(scale=0.25, size=(300, 2))
    bridge = np.column_stack([np.linspace(-0.4, 0.4, 9), np.zeros(9)])
    latent = np.concatenate([latent, bridge])
    place = torch.arange(np.prod(IMAGE_SHAPE)) / 40

    def images(latent):
        step, _, weak = wall(latent).T[:, :, None]
        return 2 + step * torch.sin(place) + weak * torch.sin(0.7 * place)

    model = Toy(wall)
    model.decode = lambda z: images(torch.from_numpy(z).float()).numpy()

    def gap(points):
        low, high = points[:150, 0], points[150:300, 0]
        return (high.mean() - low.mean()) / (low.std() + high.std())

    options = {"method": method, "image_shape": IMAGE_SHAPE, "random_state": 0}
    gaps = [gap(copy) for copy in latent_distortions(latent, model, 6, **options)]
    assert min(gaps) > 1.02 * gap(latent)
    assert max(gaps) > 1.1 * gap(latent)


def test_uniform_decoder_distorts_nothing():
    for d in (1, 2, 3, 5):
        latent = points(d=d)
        matrix = torch.from_numpy(points(7, d, seed=1).T.copy())
        model = Toy(lambda z, matrix=matrix: z @ matrix, d)
        for copy in latent_distortions(latent, model, 2, random_state=0):
            assert np.abs(copy - latent).max() < 2e-3


def test_order_is_kept_in_one_dimension():
    latent = np.sort(points(d=1), axis=0)
    for copy in latent_distortions(latent, Toy(wavy, 1), 8, random_state=0):
        assert (np.diff(copy[:, 0]) > 0).all()


@pytest.mark.parametrize("d", [2, 4, 5])
def test_orientation_is_kept(d):
    """The determinant of the map, by finite differences, is positive everywhere."""
    latent = points(d=d).astype(float)
    shifts = np.concatenate([np.zeros((1, d)), 1e-3 * np.eye(d)])
    cloud = (latent[:, None] + shifts).reshape(-1, d)
    moves = []
    for copy in latent_distortions(cloud, Toy(wavy, d), 4, random_state=0):
        copy = copy.astype(float).reshape(-1, d + 1, d)
        assert (np.linalg.det(copy[:, 1:] - copy[:, :1]) > 0).all()
        moves.append(np.abs(copy[:, 0] - latent).max())
    assert max(moves) > 0.02


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5])
def test_any_dimension(d):
    latent = points(d=d)
    before = latent.copy()
    copies = list(latent_distortions(latent, Toy(wavy, d), 3, random_state=0))
    np.testing.assert_array_equal(latent, before)
    for copy in copies:
        assert copy.shape == latent.shape
        assert copy.dtype == np.float32
        assert np.isfinite(copy).all()
        assert np.abs(copy - latent).max() > 1e-3
    assert np.abs(copies[0] - copies[1]).max() > 1e-4
    assert np.abs(copies[1] - copies[2]).max() > 1e-4


def test_seed_makes_the_copies():
    latent, model = points(d=1), Toy(wavy, 1)

    def copies(n, seed):
        return np.stack(list(latent_distortions(latent, model, n, random_state=seed)))

    numpy_state, torch_state = numpy_global_state(), torch.get_rng_state()
    first = copies(2, 7)
    np.testing.assert_array_equal(copies(1, 7), first[:1])
    np.testing.assert_array_equal(copies(2, np.random.RandomState(7)), first)
    assert np.abs(copies(1, 8) - first[:1]).max() > 1e-4
    assert np.abs(copies(1, None) - copies(1, None)).max() > 0
    assert numpy_global_state() == numpy_state
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_trained_model(trained):
    latent, model = trained
    assert not model.network.training
    weights = {k: v.clone() for k, v in model.network.state_dict().items()}
    for options in ({}, {"method": "ssim", "image_shape": (10, 17)}):
        one, other = latent_distortions(latent, model, 2, random_state=0, **options)
        assert np.abs(one - latent).max() > 1e-3
        assert np.abs(one - other).max() > 1e-3
    for name, value in model.network.state_dict().items():
        assert torch.equal(value, weights[name])


def test_excluded_pixels(trained):
    latent, model = trained
    excluded = np.zeros(10 * 20, dtype=bool)
    excluded[::7], excluded[1] = True, True
    assert (~excluded).sum() == 170
    options = {"method": "ssim", "image_shape": (10, 20), "random_state": 0}
    options["excluded_pixels"] = excluded
    (copy,) = latent_distortions(latent, model, 1, **options)
    assert np.abs(copy - latent).max() > 1e-3


def test_convolutional_decoder(monkeypatch):
    from hyperspy_4dphase.estimators.vae._convolutional_network import (
        ConvolutionalNetwork,
    )

    monkeypatch.setattr(_distortion, "_N_GRID", {"jacobian": {2: 10}})
    network = ConvolutionalNetwork((12, 15), 2).eval()
    generator = torch.Generator().manual_seed(0)
    network.prepare(torch.rand((50, 12, 15), generator=generator) ** 4 * 50)
    model = Toy(network.decode, embed=network.embed)
    (copy,) = latent_distortions(points(), model, 1, random_state=0)
    assert np.isfinite(copy).all()
    assert np.abs(copy - points()).max() > 1e-3


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("n_points", [1, 2, 40])
def test_few_or_equal_points(d, n_points):
    latent = np.ones((n_points, d), dtype=np.float32)
    for copy in latent_distortions(latent, Toy(wavy, d), 2, random_state=0):
        np.testing.assert_allclose(copy, latent, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "laplace"}, "expected 'jacobian' or 'ssim'"),
        ({"n": 0}, "n must be at least 1, not 0"),
        ({"latent": points(d=3)}, r"expected \(n_points, 2\)"),
        ({"latent": np.empty((0, 2))}, "minimum of 1 is required"),
        ({"latent": np.full((4, 2), np.nan)}, "latent contains NaN"),
        ({"method": "ssim"}, "image_shape=None"),
        ({"method": "ssim", "image_shape": (4, 130)}, "at least 7"),
        ({"method": "ssim", "image_shape": (20, 27)}, "does not fit"),
        (
            {"method": "ssim", "latent": points(d=3), "model": Toy(wavy, 3)},
            "3 latent dimensions",
        ),
    ],
)
def test_bad_arguments(changes, message):
    arguments = {"latent": points(), "model": Toy(textures), "n": 1} | changes
    with pytest.raises(ValueError, match=message):
        latent_distortions(**arguments)


def test_number_of_copies_is_an_integer():
    with pytest.raises(TypeError, match="n must be an integer.*not 2.5"):
        latent_distortions(points(), Toy(textures), 2.5)
