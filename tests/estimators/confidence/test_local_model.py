"""Domains as they are around each position, and mixtures where they meet."""

import numpy as np
import pytest
from scipy import stats

from hyperspy_4dphase.estimators.compression._compress import compress_patterns
from hyperspy_4dphase.estimators.confidence._local_model import LocalModel, _Mixture
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes
from hyperspy_4dphase.plot import calibration_error

from ..domain_points import domain_patterns
from ..scan_points import bent, blurred_stripes, places, scanned, stripes

SHAPES = [(120,), (20, 36), (6, 8, 24)]


def modelled(shapes, labels):
    return LocalModel(shapes, np.ravel(labels))


def assert_probabilities(model, n):
    found, boundary = model.posterior()
    assert found.shape == (n, model.n_domains)
    assert boundary.shape == model.misfit.shape == (n,)
    assert found.dtype == boundary.dtype == model.misfit.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert found.min() >= 0
    assert boundary.min() >= -1e-6
    # What another domain may have as the larger part of a mixture is not its own.
    assert (boundary <= 1 - found.max(axis=1) + 1e-5).all()
    assert np.isfinite(model.misfit).all()
    return found, boundary


@pytest.mark.parametrize("shape", SHAPES)
def test_mixtures_on_a_line(shape):
    """The larger part has the label; half way it is even, and the boundary doubtful."""
    clean, share = blurred_stripes(shape, distance=30.0)
    model = modelled(scanned(clean), share > 0.5)
    share = share.ravel()
    found, boundary = assert_probabilities(model, share.size)
    mixed = (share > 0) & (share < 1)
    second = found[:, 1]
    middle = mixed & (np.abs(share - 0.5) < 0.06)
    assert boundary[middle].mean() > 0.15
    assert second[middle].mean() == pytest.approx(share[middle].mean(), abs=0.35)
    # Far enough from the middle for the noise, whose width is 1/30 of the line.
    clear = np.abs(share - 0.5) > 0.15
    assert ((second > 0.5) == (share > 0.5))[clear].mean() > 0.99
    assert boundary[clear & mixed].mean() < boundary[middle].mean() / 3
    ends = (share == 0) | (share == 1)
    assert boundary[ends].mean() < 0.02
    np.testing.assert_allclose(second[share == 0].mean(), 0, atol=0.02)
    np.testing.assert_allclose(second[share == 1].mean(), 1, atol=0.02)


def test_boundary_is_most_in_doubt_at_one_half():
    """It falls from there with the share, to either side."""
    clean, share = blurred_stripes((60, 40), distance=12.0)
    boundary = modelled(scanned(clean), share > 0.5).posterior()[1].reshape(60, 40)
    doubt, share = boundary.mean(axis=0), share[0]
    at = np.abs(share - 0.5)
    assert at[doubt.argmax()] == at.min()
    order = np.flatnonzero((share > 0) & (share < 1))
    falling = doubt[order[np.argsort(at[order], kind="stable")]]
    assert (falling[:4].min() > falling[4:]).all()
    assert doubt[at == 0.5].max() < 0.02


@pytest.mark.parametrize("distance", [4.0, 8.0, 16.0])
def test_calibrated(distance):
    """Probabilities of mixtures of any share are right as often as they say."""
    rng = np.random.default_rng(0)
    labels = np.indices((40, 50))[-1] // 25
    share = labels.astype(float)
    share[:, 22:28] = rng.random((40, 6))
    ends = distance * np.eye(2, 3)
    shapes = scanned(ends[0] + share[..., None] * (ends[1] - ends[0]), seed=1)
    model = modelled(shapes, share > 0.5)
    right = model.posterior()[0].argmax(axis=1) == (share > 0.5).ravel()
    sure = model.posterior()[0].max(axis=1)
    assert calibration_error(sure, right) < 0.025
    near = (np.abs(share - 0.5) < 0.5).ravel()
    assert calibration_error(sure[near], right[near], 5) < 0.12
    assert sure[near].mean() < sure[~near].mean() - 0.01


def test_three_that_meet():
    """A mixture of three is of the largest part, and fits though no two explain it."""
    y, x = np.indices((30, 30)) - 14.5
    labels = np.where(y < 0, 0, np.where(x < 0, 1, 2))
    corners = 15 * np.eye(3, 4)
    rng = np.random.default_rng(4)
    shares = np.eye(3)[labels]
    near = np.hypot(y, x) < 2.2
    shares[near] = rng.dirichlet([4, 4, 4], near.sum())
    labels[near] = shares[near].argmax(axis=1)
    model = modelled(scanned(shares @ corners), labels)
    found, boundary = assert_probabilities(model, 900)
    rows, shares = near.ravel(), shares.reshape(-1, 3)
    clear = np.sort(shares, axis=1)
    clear = rows & (clear[:, 2] - clear[:, 1] > 0.1)
    assert clear.sum() >= 5
    assert (found.argmax(axis=1) == labels.ravel())[clear].mean() > 0.85
    # Of what all three have, a pair leaves several deviations.
    assert model.misfit[rows].max() < 5
    assert boundary[rows].mean() > boundary[~rows].mean() + 0.05


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bend_is_no_misfit(shape):
    """Positions of a bent domain are of it, and fit, as far as it is known around."""
    clean = bent(shape, height=20.0)
    labels = (places(shape)[:, -1] >= shape[-1] // 2).astype(int)
    clean.reshape(-1, 4)[labels == 1, 3] = 25.0
    model = modelled(scanned(clean), labels)
    found, _ = assert_probabilities(model, labels.size)
    assert (found.argmax(axis=1) == labels).mean() > 0.99
    assert np.median(found.max(axis=1)) > 0.999
    assert np.percentile(model.misfit, 90) < 4


@pytest.mark.parametrize("shape", SHAPES)
def test_what_fits_nothing(shape):
    clean, labels = stripes(shape)
    shapes = scanned(clean)
    odd = np.zeros(labels.size, bool)
    odd[labels.size // 4] = odd[labels.size // 2] = True
    shapes.points[odd] += [0, 0, 25.0, 0]
    model = modelled(shapes, labels)
    assert_probabilities(model, labels.size)
    # (25**2 - 4) / sqrt(8), if nothing else spreads.
    assert model.misfit[odd].min() > 50
    assert abs(np.median(model.misfit[~odd])) < 1
    assert model.misfit[~odd].max() < model.misfit[odd].min() / 3


def test_noise_is_no_misfit():
    """As many standard deviations as noise has, and mixtures have no more."""
    clean, share = blurred_stripes((40, 60), distance=20.0)
    misfit = modelled(scanned(clean), share > 0.5).misfit
    # The least over several explanations is rather less than that of one.
    assert -1.5 < misfit.mean() < 0.2
    assert misfit.std() < 1.5
    mixed = ((share > 0) & (share < 1)).ravel()
    assert misfit[mixed].mean() < 0.5


def test_counts():
    """Of compressed counts, too, whatever their brightness."""
    rng = np.random.default_rng(0)
    labels = np.indices((20, 30))[-1] // 10
    dose = rng.uniform(300, 3000, (20, 30, 1))
    counts = rng.poisson(dose * domain_patterns(3, 60)[labels]).reshape(600, 60)
    counts[25] = rng.poisson(dose.ravel()[25] * domain_patterns(1, 60, seed=9)[0])
    X = compress_patterns(counts, random_state=0, device="cpu")
    shapes = CompressedShapes.from_compressed(X, places((20, 30)))
    model = modelled(shapes, labels)
    found, _ = assert_probabilities(model, 600)
    others = np.arange(600) != 25
    assert (found.argmax(axis=1) == labels.ravel())[others].all()
    assert abs(model.misfit[others].mean()) < 0.7
    assert model.misfit[25] > 3 * model.misfit[others].max()


@pytest.mark.parametrize("distance", [1e3, 1e6])
@pytest.mark.parametrize("n_domains", [2, 3])
def test_high_dose(distance, n_domains):
    """However little noise there is, nothing overflows."""
    clean, labels = stripes((12, 36), distance, n_domains)
    model = modelled(scanned(clean), labels)
    found, boundary = assert_probabilities(model, labels.size)
    np.testing.assert_array_equal(found.argmax(axis=1), labels.ravel())
    assert found.max(axis=1).min() > 0.999
    assert boundary.max() < 1e-3


def test_without_any_noise():
    clean, labels = stripes((12, 36), 10.0, 3)
    shapes = scanned(clean, noise=0.0)
    found, _ = assert_probabilities(modelled(shapes, labels), labels.size)
    np.testing.assert_array_equal(found.argmax(axis=1), labels.ravel())


@pytest.mark.parametrize("shape", SHAPES)
def test_one_domain(shape):
    model = modelled(scanned(bent(shape)), np.zeros(shape, int))
    found, boundary = model.posterior()
    np.testing.assert_array_equal(found, 1)
    np.testing.assert_allclose(boundary, 0, atol=1e-6)
    assert abs(np.median(model.misfit)) < 1


@pytest.mark.parametrize("shape", SHAPES)
def test_points_without_a_shape(shape):
    """They have what is frequent, no misfit, and are no trouble to others."""
    clean, labels = stripes(shape, 12.0)
    dark = np.random.default_rng(1).random(labels.size) < 0.1
    given = np.where(dark, -1, labels.ravel())
    found, boundary = assert_probabilities(
        model := modelled(scanned(clean, known=~dark), given), labels.size
    )
    sizes = np.bincount(labels.ravel()[~dark]) / (~dark).sum()
    np.testing.assert_allclose(found[dark], [sizes] * dark.sum(), atol=1e-3)
    np.testing.assert_allclose(boundary[dark], 0, atol=1e-6)
    np.testing.assert_array_equal(model.misfit[dark], 0)
    np.testing.assert_array_equal(found.argmax(axis=1)[~dark], labels.ravel()[~dark])
    # Whatever their label says.
    same = modelled(scanned(clean, known=~dark), labels)
    np.testing.assert_array_equal(same.posterior()[0], found)


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_a_domain_without_any_shape(empty):
    """A given map may have one of what has no counts: no point is like it."""
    clean, labels = stripes((20, 36), 12.0, 3)
    known = labels != empty
    model = modelled(scanned(clean, known=known), np.where(known, labels, -1))
    found = model.posterior()[0]
    # Of the last one this model has not heard.
    assert model.n_domains == (2 if empty == 2 else 3)
    known, labels = known.ravel(), labels.ravel()
    np.testing.assert_array_equal(found.argmax(axis=1)[known], labels[known])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    if empty < 2:
        np.testing.assert_allclose(found[known, empty], 0, atol=1e-6)


def test_points_without_a_label():
    """They are taken for what is nearest, and have their own probabilities."""
    clean, labels = stripes((20, 36), 12.0)
    shapes = scanned(clean)
    given = np.where(np.random.default_rng(2).random(labels.shape) < 0.2, -1, labels)
    found, _ = assert_probabilities(modelled(shapes, given), labels.size)
    np.testing.assert_array_equal(found.argmax(axis=1), labels.ravel())
    assert np.abs(found - modelled(shapes, labels).posterior()[0]).max() < 0.05


def test_wrong_labels_are_told():
    clean, labels = stripes((20, 36), 12.0)
    given = labels.ravel().copy()
    given[[100, 333, 500]] = 1 - given[[100, 333, 500]]
    found = modelled(scanned(clean), given).posterior()[0]
    np.testing.assert_array_equal(found.argmax(axis=1), labels.ravel())


def test_scattered_positions():
    """Of a scan with holes: as if they were the whole."""
    clean, labels = stripes((30, 40), 12.0)
    shapes = scanned(clean)
    kept = np.flatnonzero(np.random.default_rng(5).random(1200) < 0.6)
    some = shapes.take(kept)
    some.positions = some.positions + [7, 100]
    found, _ = assert_probabilities(modelled(some, labels.ravel()[kept]), kept.size)
    np.testing.assert_array_equal(found.argmax(axis=1), labels.ravel()[kept])


@pytest.mark.parametrize("n_ends", [2, 3])
def test_density_of_mixtures(n_ends):
    """That of all shares, each with the noise, by adding them up."""
    rng = np.random.default_rng(n_ends)
    ends = 3 * np.eye(n_ends, 4)
    points = rng.dirichlet(np.ones(n_ends), 12) @ ends + 0.7 * rng.normal(size=(12, 4))
    spread = rng.uniform(0.5, 2, 12)
    mixture = _Mixture.fit(
        points,
        spread,
        [np.repeat(end[None], 12, axis=0) for end in ends],
        np.eye(4),
        0.3 * np.eye(4),
    )
    shares = rng.dirichlet(np.ones(n_ends), 200_000)
    largest = shares.argmax(axis=1)
    totals = []
    for k, point in enumerate(points):
        scale = np.sqrt(spread[k] + 0.3)
        density = stats.norm.pdf(point - shares @ ends, scale=scale).prod(axis=1)
        expected = np.bincount(largest, density) / len(shares)
        found = np.exp(mixture.log_parts[k]) / (2 * np.pi) ** 2
        # Of three, it is by 64 draws.
        tolerance = 0.02 if n_ends == 2 else 0.25
        np.testing.assert_allclose(found, expected, atol=tolerance * expected.sum())
        totals.append((found.sum(), expected.sum()))
    found, expected = np.transpose(totals)
    np.testing.assert_allclose(found.mean(), expected.mean(), rtol=0.05)
    assert mixture.fractions.min() >= 0
    np.testing.assert_allclose(mixture.fractions.sum(axis=1), 1)
