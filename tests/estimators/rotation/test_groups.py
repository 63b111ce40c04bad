"""Which patterns are rotations of one structure. All dimensions differ."""

import h5py
import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.data import domain_phantom, strained_flake
from hyperspy_4dphase.estimators.rotation._groups import group_rotations

SHAPE = 61, 75
CENTER = 28.3, 38.6


def lattice(radius=14.0, between=60, other=1.0, seed=None):
    """Spots (x, y, strength) of a lattice; with a seed, of any strength."""
    between = np.deg2rad(between)
    base = [1, 0], [other * np.cos(between), other * np.sin(between)]
    hk = np.indices((15, 15)).reshape(2, -1).T - 7
    x, y = radius * (hk[np.any(hk, axis=1)] @ base).T
    strength = np.exp(-(x**2 + y**2) / 24**2)
    if seed is not None:
        strength *= np.random.default_rng(seed).gamma(1, size=len(x)) + 0.1
    return x, y, strength


CHIRAL = lattice(12.0, 75, 1.3, seed=1)


def ring(radius):
    """Spots so many that they make a ring."""
    angles = np.deg2rad(np.arange(0, 360, 2))
    return radius * np.cos(angles), radius * np.sin(angles), np.full(180, 1 / 30)


def pattern(
    spots,
    angle=0.0,
    mirrored=False,
    scale=1.0,
    shape=SHAPE,
    center=CENTER,
    background=0.05,
    sigma=1.4,
):
    """Spots, turned from the columns' axis to the rows', around the direct beam."""
    x, y, strength = spots
    y = -y if mirrored else y
    cos, sin = scale * np.cos(np.deg2rad(angle)), scale * np.sin(np.deg2rad(angle))
    x, y = x * cos - y * sin, x * sin + y * cos
    rows, columns = np.arange(shape[0]) - center[0], np.arange(shape[1]) - center[1]
    drawn = np.einsum(
        "s,rs,cs->rc",
        np.append(strength, 20.0),
        np.exp(-((rows[:, None] - np.append(y, 0)) ** 2) / (2 * sigma**2)),
        np.exp(-((columns[:, None] - np.append(x, 0)) ** 2) / (2 * sigma**2)),
    )
    return drawn + background * np.exp(-np.hypot(rows[:, None], columns) / 15)


def grouped(*patterns, **options):
    """Groups of patterns of about a million electrons, the first a few more."""
    patterns = np.stack(patterns)
    noise = np.nansum(patterns[0]) / 1e6 * np.linspace(0.9, 1, len(patterns))
    return group_rotations(patterns, patterns * noise[:, None, None], **options)


def counted(patterns, n_electrons, seed=0):
    """Means of 100 patterns that have counted so many electrons in all; variances."""
    totals = patterns / patterns.sum(axis=(1, 2), keepdims=True) * n_electrons
    means = np.random.default_rng(seed).poisson(totals) / 100
    return means, means / 100


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [0.3, 17.2, -88.8, 121.7, -179.1])
def test_angle(angle, mirrored):
    found = grouped(pattern(CHIRAL), pattern(CHIRAL, angle, mirrored))
    assert found.labels.tolist() == [0, 0]
    assert found.angles[0] == 0
    assert found.angles[1] == pytest.approx(angle, abs=0.1)
    assert found.mirrored.tolist() == [False, mirrored]
    assert found.correlation[0, 1] == pytest.approx(1, abs=0.01)


def test_angle_turns_columns_towards_rows():
    on_columns_axis, on_rows_axis = np.array([[[15], [0], [1]], [[0], [15], [1]]])
    drawn = pattern(on_rows_axis)
    assert drawn[43, 39] > 10 * drawn[13, 39]
    found = grouped(pattern(on_columns_axis), drawn, center=CENTER)
    assert found.labels.tolist() == [0, 0]
    assert found.angles[1] == pytest.approx(90, abs=0.1)


@pytest.mark.parametrize(
    ("flip", "angle", "mirrored"),
    [
        (np.s_[::-1], 0, True),
        (np.s_[:, ::-1], 180, True),
        (np.s_[::-1, ::-1], 180, False),
    ],
)
def test_flipped_arrays(flip, angle, mirrored):
    middle = SHAPE[0] // 2, SHAPE[1] // 2
    one = pattern(CHIRAL, center=middle)
    found = grouped(one, one[flip])
    assert found.labels.tolist() == [0, 0]
    assert abs(found.angles[1]) == pytest.approx(angle, abs=0.1)
    assert found.mirrored[1] == mirrored


def test_mirror_images_can_be_told_apart():
    patterns = pattern(CHIRAL), pattern(CHIRAL, 40, True), pattern(CHIRAL, 70)
    found = grouped(*patterns, mirror=False)
    assert found.labels.tolist() == [0, 1, 0]
    assert not found.mirrored.any()


def test_smallest_of_equal_angles():
    patterns = [pattern(lattice(), angle) for angle in (0, 50, 35, 300)]
    found = grouped(*patterns)
    assert found.labels.tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(found.angles, [0, -10, -25, 0], atol=0.1)
    assert not found.mirrored.any()


def test_angles_are_relative_to_the_least_noisy():
    angles = np.array([10.0, 90.0, -25.0])
    patterns = np.stack([pattern(CHIRAL, angle) for angle in angles])
    variances = patterns * np.array([3e-6, 2e-6, 1e-6])[:, None, None]
    # Brightness is not what counts.
    patterns[0], variances[0] = 10 * patterns[0], 100 * variances[0]
    found = group_rotations(patterns, variances)
    assert found.references.tolist() == [2]
    np.testing.assert_allclose(found.angles, angles + 25, atol=0.1)
    mirrored = np.stack([pattern(CHIRAL, 10), pattern(CHIRAL, 70, True)])
    found = group_rotations(mirrored, variances[:2])
    assert found.references.tolist() == [1]
    # Turned by 10 less 70, mirrored back: it takes 80 degrees.
    assert found.mirrored.tolist() == [True, False]
    assert found.angles[0] == pytest.approx(80, abs=0.1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lattice(14, 60), lattice(14, 90)),
        (lattice(14, 60), lattice(14.8, 60)),
        (lattice(14, 90), lattice(14, 80)),
        (CHIRAL, lattice(12.0, 75, 1.3, seed=2)),
        (lattice(14, 60), ring(14)),
        (ring(14), ring(16)),
        (lattice(14, 60), np.zeros((3, 0))),
        (ring(14), np.zeros((3, 0))),
    ],
    ids=["angle", "5 %", "oblique", "strengths", "ring", "radius", "bare", "no ring"],
)
@pytest.mark.parametrize("n_electrons", [1e4, 1e7])
def test_different_structures(one, other, n_electrons):
    patterns = np.stack([pattern(one), pattern(other, 33), pattern(one, 100)])
    found = group_rotations(*counted(patterns, n_electrons))
    assert found.labels.tolist() == [0, 1, 0]
    assert found.misfit[0, 2] < 0.8
    assert min(found.misfit[0, 1], found.misfit[1, 2]) > 1.2


def test_featureless_patterns_are_compared_by_their_profiles():
    patterns = np.stack(
        [
            pattern(ring(r), center=(30, c))
            for r, c in zip([14, 16, 14], [38, 37, 36], strict=True)
        ]
    )
    for n_electrons in (3e3, 1e6):
        found = group_rotations(*counted(patterns, n_electrons))
        assert found.labels.tolist() == [0, 1, 0]
        assert not found.angles.any()
        assert not found.mirrored.any()
        assert np.isnan(found.correlation[np.triu_indices(3, 1)]).all()


@pytest.mark.parametrize("n_electrons", [1e3, 1e4])
def test_noise_is_no_difference(n_electrons):
    """And is not taken for azimuthal variation."""
    patterns = np.stack([pattern(CHIRAL, angle) for angle in (0, 25, 50, 75)])
    correlation = []
    for seed in range(4):
        found = group_rotations(*counted(patterns, n_electrons, seed))
        assert found.labels.tolist() == [0, 0, 0, 0]
        correlation.extend(found.correlation[np.triu_indices(4, 1)])
    # Without allowance for noise, the lower dose would give 0.6.
    assert np.mean(correlation) == pytest.approx(1, abs=0.06)


def test_noise_of_values_that_are_no_counts():
    """Negative ones among them."""
    patterns = np.stack([pattern(CHIRAL, angle, background=0) for angle in (0, 25)])
    patterns = np.append(patterns, [pattern(lattice(13), background=0)], axis=0)
    noisy = patterns + np.random.default_rng(0).normal(0, 0.1, patterns.shape)
    assert (noisy < 0).mean() > 0.2
    found = group_rotations(noisy, np.full_like(noisy, 0.01))
    assert found.labels.tolist() == [0, 0, 1]
    assert found.angles[1] == pytest.approx(25, abs=0.5)


def test_changes_within_a_phase():
    rng = np.random.default_rng(0)
    x, y, strength = lattice()
    changed = (
        pattern((x, y, strength * rng.lognormal(0, 0.25, x.size)), 10),
        pattern((x * 1.01, y * 0.99, strength), 25),
        pattern(lattice(), 20, background=0.08),
        0.9 * pattern(lattice(), 5) + 0.1 * pattern(CHIRAL),
    )
    found = grouped(pattern(lattice()), *changed)
    assert not found.labels.any()
    assert 0.02 < found.misfit[0, 1:].min()
    assert found.misfit.max() < 0.9


def test_smooth_trend_is_no_difference():
    rows, columns = np.indices(SHAPE)
    fall = np.exp(-np.hypot(rows - CENTER[0], columns - CENTER[1]) / 30)
    found = grouped(pattern(ring(14)), fall * pattern(ring(14)), pattern(ring(16)))
    assert found.labels.tolist() == [0, 0, 1]
    assert found.misfit[0, 1] < 0.2


def test_strain():
    patterns = [pattern(lattice(), scale=scale) for scale in (1, 1.018, 1.036)]
    found = grouped(*patterns)
    # Neighbours differ by less than is allowed, but the two ends by more.
    assert max(found.misfit[0, 1], found.misfit[1, 2]) < 1 < found.misfit[0, 2]
    assert len(set(found.labels)) == 2
    assert not grouped(*patterns, strain=0.05).labels.any()
    assert grouped(*patterns, strain=0.01).labels.tolist() == [0, 1, 2]


def test_tolerance():
    x, y, strength = CHIRAL
    strength = strength * np.random.default_rng(0).lognormal(0, 0.5, x.size)
    patterns = pattern(CHIRAL), pattern((x, y, strength))
    share = 1 - grouped(*patterns).correlation[0, 1]
    assert 0.02 < share < 0.2
    assert grouped(*patterns, tolerance=1.2 * share).labels.tolist() == [0, 0]
    assert grouped(*patterns, tolerance=0.8 * share).labels.tolist() == [0, 1]


@pytest.mark.parametrize("shape", [(40, 118), (90, 47), (33, 31)])
def test_detectors(shape):
    middle = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    options = {"shape": shape, "center": middle}
    patterns = (
        pattern(CHIRAL, **options),
        pattern(CHIRAL, -33, **options),
        pattern(lattice(12), 20, **options),
    )
    found = grouped(*patterns)
    assert found.labels.tolist() == [0, 0, 1]
    assert found.angles[1] == pytest.approx(-33, abs=0.2)


def test_every_pattern_has_its_centre():
    centers = np.array([[22.3, 45.6], [24.1, 44.2], [20.9, 47.7]])
    angles = [0, 35.0, -70.0]
    patterns = [
        pattern(CHIRAL, angle, center=center)
        for angle, center in zip(angles, centers, strict=True)
    ]
    found = grouped(*patterns)
    np.testing.assert_allclose(found.centers, centers, atol=0.1)
    assert not found.labels.any()
    np.testing.assert_allclose(found.angles, angles, atol=0.2)
    given = grouped(*patterns, center=centers)
    np.testing.assert_array_equal(given.centers, centers)
    np.testing.assert_allclose(given.angles, angles, atol=0.2)
    one_for_all = grouped(*patterns, center=centers[0])
    assert one_for_all.centers.tolist() == [list(centers[0])] * 3
    assert one_for_all.misfit[0, 1] > 2 * given.misfit[0, 1]


def mask_beam(center=CENTER):
    rows, columns = np.indices(SHAPE)
    return np.hypot(rows - center[0], columns - center[1]) < 5


@pytest.mark.parametrize("center", [(14.3, 20.2), (45.6, 55.1)])
def test_far_off_the_middle(center):
    """Neither a corner nor the middle, about which other spots lie in pairs."""
    spots = lattice(12, 75, 1.3)
    patterns = [pattern(spots, angle, center=center) for angle in (10, 35)]
    patterns.append(pattern(lattice(13), center=center))
    found = grouped(*patterns, excluded=mask_beam(center))
    np.testing.assert_allclose(found.centers, [center] * 3, atol=0.15)
    assert found.labels.tolist() == [0, 0, 1]
    assert found.angles[1] == pytest.approx(25, abs=0.3)


def test_direct_beam_is_the_centre_of_tilted_crystals():
    x, y, strength = lattice(13, 75, 1.2)
    one = pattern((x, y, strength * np.exp(0.1 * x)))
    np.testing.assert_allclose(grouped(one).centers, [CENTER], atol=0.1)


@pytest.mark.parametrize("seed", [3, 5])
def test_no_few_strong_spots_make_the_centre(seed):
    one = pattern(lattice(12, 75, 1.3, seed=seed), 10)
    found = grouped(one, excluded=mask_beam())
    np.testing.assert_allclose(found.centers, [CENTER], atol=0.1)


@pytest.fixture
def beam_stop():
    """A disc over the beam and an arm to the upper edge; dead rows."""
    rows, columns = np.indices(SHAPE)
    arm = (abs(columns - CENTER[1]) < 3) & (rows < CENTER[0])
    return mask_beam() | arm | (rows == 47) | (rows == 48)


@pytest.mark.parametrize("filled_with", [0.0, 1e3])
def test_missing_pixels(beam_stop, filled_with):
    angles = [0, 35.0, -70.0, 0]
    spots = [CHIRAL] * 3 + [lattice(13)]
    patterns = np.stack([pattern(s, a) for s, a in zip(spots, angles, strict=True)])
    patterns, variances = counted(patterns, 1e6)
    patterns[:, beam_stop] = filled_with
    found = group_rotations(patterns, variances, excluded=beam_stop)
    np.testing.assert_allclose(found.centers, [CENTER] * 4, atol=0.15)
    assert found.labels.tolist() == [0, 0, 0, 1]
    np.testing.assert_allclose(found.angles - found.angles[0], angles, atol=0.3)
    assert found.misfit[0, 1:3].max() < 0.1
    variances[:, beam_stop] = np.nan
    as_nan = group_rotations(patterns, variances)
    np.testing.assert_array_equal(as_nan.misfit, found.misfit)
    np.testing.assert_array_equal(as_nan.angles, found.angles)


def test_pixels_missing_from_one_pattern(beam_stop):
    patterns = np.stack([pattern(CHIRAL), pattern(CHIRAL, 35)])
    patterns[1, beam_stop] = np.nan
    found = grouped(*patterns)
    assert found.labels.tolist() == [0, 0]
    assert found.angles[1] == pytest.approx(35, abs=0.3)


def test_halves_are_compared_where_they_meet():
    patterns = np.stack([pattern(lattice()), pattern(lattice())])
    patterns[0, :, 37:] = np.nan
    patterns[1, :, :40] = np.nan
    found = grouped(*patterns, center=CENTER, mirror=False)
    assert found.labels.tolist() == [0, 0]
    assert abs(found.angles).max() > 100


@pytest.mark.parametrize("unit", [1e-9, 1e6])
def test_brightness_and_unit(unit):
    patterns = np.stack([pattern(CHIRAL, 20), pattern(CHIRAL), pattern(lattice(13))])
    means, variances = counted(patterns, 1e5)
    found = group_rotations(means, variances)
    factor = unit * np.array([1, 0.1, 30])[:, None, None]
    scaled = group_rotations(means * factor, variances * factor**2)
    np.testing.assert_array_equal(scaled.labels, found.labels)
    for name in ("angles", "misfit", "correlation"):
        expected = getattr(found, name)
        np.testing.assert_allclose(getattr(scaled, name), expected, atol=1e-4)


def test_results_are_arrays_of_their_own():
    patterns = np.stack([pattern(CHIRAL), pattern(lattice(13)), pattern(CHIRAL, 9)])
    variances, excluded = patterns / 1e5, np.zeros(SHAPE, bool)
    center = np.array(CENTER)
    inputs = patterns, variances, excluded, center
    before = [x.copy() for x in inputs]
    found = group_rotations(patterns, variances, excluded=excluded, center=center)
    for now, then in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(found.misfit, found.misfit.T)
    np.testing.assert_array_equal(found.correlation, found.correlation.T)
    assert not np.diag(found.misfit).any()
    assert (np.diag(found.correlation) == 1).all()
    again = group_rotations(patterns.tolist(), variances.tolist(), center=CENTER)
    np.testing.assert_array_equal(again.misfit, found.misfit)
    found.centers[:] = 0
    assert center.tolist() == list(CENTER)


def test_one_domain_no_noise_and_no_intensity():
    one = pattern(CHIRAL)
    alone = group_rotations(one[None], one[None])
    assert alone.labels.tolist() == alone.angles.tolist() == [0]
    patterns = np.stack([one, np.zeros(SHAPE), pattern(CHIRAL, 40), np.zeros(SHAPE)])
    found = group_rotations(patterns, np.zeros_like(patterns))
    assert found.labels.tolist() == [0, 1, 0, 1]
    assert found.angles[2] == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patterns": np.ones(SHAPE)}, r"n_domains, n_ky, n_kx.*got \(61, 75\)"),
        ({"patterns": np.ones((0, *SHAPE))}, r"got \(0, 61, 75\)"),
        ({"variances": np.ones((2, 75, 61))}, r"\(2, 61, 75\) and \(2, 75, 61\)"),
        ({"variances": np.full((2, *SHAPE), -1.0)}, r"9150 are, .*\(0, 0, 0\)"),
        ({"patterns": np.full((2, *SHAPE), np.inf)}, "finite"),
        ({"excluded": np.zeros((75, 61), bool)}, r"\(61, 75\), got bool .*\(75, 61\)"),
        ({"excluded": np.zeros(SHAPE)}, "bool of shape .*got float64"),
        ({"excluded": np.ones(SHAPE, bool)}, "pattern 0"),
        ({"excluded": np.arange(61 * 75).reshape(SHAPE) > 80}, "got 0"),
        ({"center": (1, 2, 3)}, r"\(2,\) or \(2, 2\), .*got \[1.0, 2.0, 3.0\]"),
        ({"center": (61, 30)}, r"\(60, 74\).*got \[61.0, 30.0\]"),
        ({"center": (np.nan, 30)}, "nan"),
        ({"strain": 0}, "strain must be .*above 0.*not 0"),
        ({"tolerance": 0.7}, "tolerance must be .*at most 0.5, not 0.7"),
    ],
)
def test_bad_input(change, message):
    patterns = np.stack([pattern(CHIRAL), pattern(CHIRAL, 40)])
    given = {"patterns": patterns, "variances": patterns, **change}
    with pytest.raises(ValueError, match=message):
        group_rotations(given.pop("patterns"), given.pop("variances"), **given)


def means_by_class(counts, labels):
    """Mean patterns and their variances, of half of the positions and some others'."""
    rng = np.random.default_rng(0)
    n = labels.max() + 1
    wrong = rng.random(labels.shape) < 0.03
    labels = np.where(wrong, rng.integers(0, n, labels.shape), labels)
    labels[rng.random(labels.shape) < 0.5] = -1
    means = np.stack([counts[labels == k].mean(axis=0) for k in range(n)])
    size = np.array([(labels == k).sum() for k in range(n)])
    return means, means / size[:, None, None]


def scan(folder, name):
    with h5py.File(folder / name) as file:
        return next(iter(file["Experiments"].values()))["data"][()]


@pytest.mark.accuracy
def test_naphi(shared_data):
    folder = shared_data / "naphi_real_endmembers"
    truth = np.load(folder / "ground_truth.npz")
    counts = scan(folder, "naphi_50x50x64x64.hspy")
    found = group_rotations(*means_by_class(counts, truth["class_id"]))
    labels = found.labels[truth["class_id"]].ravel()
    assert adjusted_rand_score(truth["phase_id"].ravel(), labels) == 1
    # The makers turned by 50 and 110 degrees the other way round; each line is even.
    turned = found.angles[3:] - found.angles[3]
    error = (turned + [0, 50, 110] + 90) % 180 - 90
    np.testing.assert_allclose(error, 0, atol=1.5)


@pytest.mark.accuracy
def test_two_lattices(shared_data):
    folder = shared_data / "two_lattices_sim"
    truth = np.load(folder / "truth.npz", allow_pickle=True)
    counts = scan(folder, "scan_32x32x64x64.hspy")
    grain = truth["grain_id"].astype(int)
    found = group_rotations(*means_by_class(counts, grain))
    labels = found.labels[grain].ravel()
    assert adjusted_rand_score(truth["phase_id"].ravel(), labels) == 1
    theta = np.array([np.median(truth["theta"][grain == k]) for k in range(6)])
    symmetry = np.where(found.labels == found.labels[2], 60, 90)
    error = found.angles - theta + theta[found.references[found.labels]]
    error = (error + symmetry / 2) % symmetry - symmetry / 2
    np.testing.assert_allclose(error, 0, atol=1)


@pytest.mark.accuracy
def test_phantom():
    truth = domain_phantom((40, 50), (64, 80), 100, random_state=0)[1]
    found = group_rotations(*counted(truth.patterns, 1e5))
    names = [name.rsplit(maxsplit=1)[0] for name in truth.component_names]
    # The spots of aluminium and iron fall on the same places.
    names = [{"Fe [001]": "Al [001]"}.get(name, name) for name in names]
    assert adjusted_rand_score(names, found.labels) == 1
    # Counter-clockwise, where rows are displayed downwards.
    assert found.angles[3] - found.angles[2] == pytest.approx(-30, abs=0.3)


@pytest.mark.accuracy
def test_strained_flake():
    signal, truth = strained_flake((40, 44), (64, 80), random_state=0)
    means = [signal.data[truth.domain == k].mean(axis=0) for k in range(6)]
    variances = [m / (truth.domain == k).sum() for k, m in enumerate(means)]
    found = group_rotations(means, variances)
    assert found.labels.tolist() == truth.component_phase.tolist()
