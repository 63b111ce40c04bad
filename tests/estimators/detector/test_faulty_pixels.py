"""Hot and dead pixels, and a constant under patterns. All dimensions differ."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.detector._faulty_pixels import find_faulty_pixels
from hyperspy_4dphase.estimators.detector._floor import find_floor
from hyperspy_4dphase.estimators.rotation._groups import group_rotations

from ..rotation.test_groups import CHIRAL, SHAPE, lattice, pattern, ring, scan

SIZES = np.array([40, 25, 90, 35])
# Two orientations of one structure, another, and one without spots.
LABELS = [0, 0, 1, 2]
MIDDLE = 28, 38


@pytest.fixture(scope="module")
def clean():
    """Expected counts of one pattern of each domain, about 4000 electrons."""
    drawn = [pattern(CHIRAL, 10), pattern(CHIRAL, 55), pattern(lattice(13))]
    drawn = np.stack([*drawn, pattern(ring(16))])
    return 4000 * drawn / drawn.sum(axis=(1, 2), keepdims=True)


def counted(rates, seed=0):
    """Means of patterns that are counted, and the variances of these."""
    n = SIZES[: len(rates), None, None]
    means = np.random.default_rng(seed).poisson(rates * n) / n
    return means, means / n


def grouped(means, variances, excluded=None):
    return group_rotations(means, variances, excluded=excluded).labels.tolist()


def spread(seed, n, shape=SHAPE):
    """Pixels of which none is near another."""
    rng, mask = np.random.default_rng(seed), np.zeros(shape, bool)
    while mask.sum() < n:
        y, x = (rng.integers(side) for side in shape)
        if not mask[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4].any():
            mask[y, x] = True
    return mask


@pytest.mark.parametrize("dose", [0.03, 1, 100])
@pytest.mark.parametrize("seed", range(3))
def test_none_where_all_is_well(clean, dose, seed):
    means, variances = counted(dose * clean, seed)
    found = find_faulty_pixels(means, variances, SIZES)
    assert not found.mask.any()
    assert find_floor(means, variances, np.ones(SHAPE, bool))[0] == 0


@pytest.mark.parametrize(
    ("n", "factor"), [(1, 10), (1, 1000), (4, 30), (12, 100), (45, 10), (45, 1000)]
)
def test_hot_pixels(clean, n, factor):
    """A constant rate, so many times the mean."""
    hot = spread(n, n)
    means, variances = counted(clean + factor * clean.mean() * hot)
    assert grouped(*counted(clean)) == LABELS
    found = find_faulty_pixels(means, variances, SIZES)
    missed = hot & ~found.hot
    # None but what lies within the direct beam.
    rows, columns = np.nonzero(missed)
    assert np.hypot(rows - MIDDLE[0], columns - MIDDLE[1]).max(initial=0) < 5
    assert not (found.mask & ~hot).any()
    assert grouped(means, variances, found.mask) == LABELS


def test_hot_pixels_make_all_alike(clean):
    """What is found matters: kept, they rule the comparison."""
    hot = spread(4, 4)
    means, variances = counted(clean + 1000 * clean.mean() * hot)
    assert grouped(means, variances) != LABELS


@pytest.mark.parametrize("other", [(0, 1), (1, 0), (1, 1)])
def test_pairs_of_hot_pixels(clean, other):
    hot = np.zeros(SHAPE, bool)
    for y, x in ((8, 12), (40, 60)):
        hot[y, x] = hot[y + other[0], x + other[1]] = True
    found = find_faulty_pixels(*counted(clean + 30 * clean.mean() * hot), SIZES)
    np.testing.assert_array_equal(found.hot, hot)


@pytest.mark.parametrize("width", [1, 3])
def test_hot_pixels_beside_dead_ones(clean, width):
    dead, hot = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    dead[27 : 27 + width] = dead[:, 38 : 38 + width] = True
    hot[26, 5] = hot[27 + width, 60] = hot[7, 38 + width] = hot[50, 37] = True
    means, variances = counted((10 * clean + 300 * clean.mean() * hot) * ~dead)
    found = find_faulty_pixels(means, variances, SIZES)
    np.testing.assert_array_equal(found.hot, hot)
    given = find_faulty_pixels(means, variances, SIZES, dead)
    np.testing.assert_array_equal(given.hot, hot)


def test_streaks_and_edges_are_not_hot(clean):
    rates = clean.copy()
    rates[:, 12, 20:50] += 300
    rates[:, :, :9] += 200
    found = find_faulty_pixels(*counted(rates), SIZES)
    assert not found.hot.any()


def test_flickering_pixel(clean):
    rng = np.random.default_rng(0)
    means, variances = counted(clean)
    flickering = [rng.integers(0, 60_000, n).mean() for n in SIZES]
    means[:, 11, 52] = flickering
    variances[:, 11, 52] = flickering / SIZES
    found = find_faulty_pixels(means, variances, SIZES)
    assert np.argwhere(found.hot).tolist() == [[11, 52]]
    assert grouped(means, variances, found.mask) == LABELS


@pytest.mark.parametrize("sigma", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("center", [(28.0, 38.0), (28.5, 38.3)])
def test_sharp_spots_are_not_hot(sigma, center):
    options = {"sigma": sigma, "center": center}
    spots = CHIRAL, CHIRAL, lattice(13), lattice(11, 90)
    angles = 0, 40, 0, 20
    drawn = [pattern(s, a, **options) for s, a in zip(spots, angles, strict=True)]
    found = find_faulty_pixels(*counted(100 * np.stack(drawn)), SIZES)
    assert not found.hot.any()


def test_beam_of_one_pixel_beside_spots_of_one():
    """It is the same in all domains, but spots tell how sharp it may be."""
    options = {"sigma": 0.3, "center": (28.0, 38.0)}
    drawn = [pattern(CHIRAL, a, **options) for a in (0, 25, 50, 75)]
    found = find_faulty_pixels(*counted(100 * np.stack(drawn)), SIZES)
    assert not found.hot.any()


def rows_dead(width):
    mask = np.zeros(SHAPE, bool)
    mask[20 : 20 + width] = True
    return mask


def columns_dead(width):
    mask = np.zeros(SHAPE, bool)
    mask[:, 48 : 48 + width] = True
    return mask


def stop(half):
    mask = np.zeros(SHAPE, bool)
    y, x = MIDDLE
    mask[: y + 2 * half + 1, x - half : x + half + 1] = True
    return mask


def oblique_stop():
    rows, columns = np.indices(SHAPE) - np.array(MIDDLE)[:, None, None]
    return (abs(rows - 0.6 * columns) < 4) & (columns < 5)


def cross(width):
    mask = np.zeros(SHAPE, bool)
    mask[27 : 27 + width] = mask[:, 38 : 38 + width] = True
    return mask


DEAD = {
    "pixels": spread(7, 40),
    "row": rows_dead(1),
    "rows": rows_dead(6),
    "columns": columns_dead(3),
    "cross": cross(2),
    "wide cross": cross(4),
    "narrow stop": stop(1),
    "wide stop": stop(4),
    "oblique stop": oblique_stop(),
}


@pytest.mark.parametrize("name", DEAD)
def test_dead_pixels(clean, name):
    dead = DEAD[name]
    means, variances = counted(10 * clean * ~dead)
    found = find_faulty_pixels(means, variances, SIZES)
    assert not (dead & ~found.dead).any()
    assert not found.hot.any()
    # Spots may end within what is dead.
    assert (found.mask & ~dead).sum() <= 3
    assert grouped(means, variances, found.mask) == LABELS


@pytest.mark.parametrize("name", DEAD)
def test_dead_pixels_of_few_counts(clean, name):
    """Half of the single ones would have had fewer than 20 counts in the whole scan."""
    dead = DEAD[name]
    means, variances = counted(clean * ~dead)
    found = find_faulty_pixels(means, variances, SIZES)
    expected = np.tensordot(SIZES, clean, 1)
    least = ndimage.minimum_filter(expected, 3)
    assert not (dead & ~found.dead & (least > 25)).any()
    if name != "pixels":
        assert (dead & ~found.dead).sum() <= 3
    assert not found.hot.any()
    assert grouped(means, variances, found.mask) == LABELS


@pytest.mark.parametrize("name", ["row", "columns", "cross", "wide cross"])
def test_dead_lines_of_very_few_counts(clean, name):
    """Of three a pixel in the whole scan, all in one tell that a line is dead."""
    dead = DEAD[name]
    means, variances = counted(0.3 * clean * ~dead)
    assert not (dead & ~find_faulty_pixels(means, variances, SIZES).dead).any()


@pytest.mark.parametrize("name", ["pixels", "rows", "cross", "wide stop"])
def test_dead_pixels_that_read_the_offset(clean, name):
    """As a camera's that writes 5 for nothing."""
    dead, n = DEAD[name], SIZES[:, None, None]
    means, _ = counted(clean * ~dead)
    means = means + 5
    found = find_faulty_pixels(means, means / n, SIZES)
    expected = np.tensordot(SIZES, clean, 1)
    least = ndimage.minimum_filter(expected, 3)
    # Variances say that the offset is counted, so it hides the darkest.
    assert not (dead & ~found.dead & (least > 25)).any()
    assert (found.mask & ~dead).sum() <= 1


@pytest.mark.parametrize("share", [0.005, 0.03])
@pytest.mark.parametrize("half", [3, 5])
def test_stop_that_the_beam_shows_through(clean, share, half):
    dim = stop(half)
    means, variances = counted(10 * clean * np.where(dim, share, 1))
    found = find_faulty_pixels(means, variances, SIZES)
    assert (dim & found.mask).sum() > 0.98 * dim.sum()
    assert not (found.mask & ~dim).any()
    assert grouped(means, variances, found.mask) == LABELS


@pytest.mark.parametrize(
    "dead", [stop(1), stop(3), cross(2), cross(4)], ids=["1", "3", "cross", "wide"]
)
def test_centre_of_a_beam_that_is_cut_or_hidden(clean, dead):
    means, variances = counted(10 * clean[:3] * ~dead)
    found = find_faulty_pixels(means, variances, SIZES[:3])
    groups = group_rotations(means, variances, excluded=found.mask)
    # The patterns are drawn about (28.3, 38.6).
    np.testing.assert_allclose(groups.centers, [(28.3, 38.6)] * 3, atol=0.3)
    assert groups.angles[1] - groups.angles[0] == pytest.approx(45, abs=0.5)


def test_dark_corners_are_not_dead(clean):
    rows, columns = np.indices(SHAPE)
    fall = np.exp(-np.hypot(rows - MIDDLE[0], columns - MIDDLE[1]) / 3)
    means, variances = counted(50 * np.stack([fall, 2 * fall, fall / 2, fall]))
    assert (means.sum(axis=0) == 0).mean() > 0.3
    assert not find_faulty_pixels(means, variances, SIZES).mask.any()
    # Nor are sharp discs without anything between.
    disc = (ndimage.gaussian_filter(clean, (0, 2, 2)) > clean.mean()) * 50.0
    assert not find_faulty_pixels(*counted(disc), SIZES).dead.any()


def test_excluded_pixels_are_not_found_again(clean):
    dead, hot = stop(3), spread(3, 5)
    rates = (clean + 100 * clean.mean() * hot) * ~dead
    means, variances = counted(rates)
    given = dead.copy()
    given[50] = True
    means[:, given] = 1e6
    found = find_faulty_pixels(means, variances, SIZES, given)
    assert not (found.mask & given).any()
    assert not (hot & ~dead & ~given & ~found.hot).any()
    means[:, given] = np.nan
    again = find_faulty_pixels(means, variances, SIZES)
    np.testing.assert_array_equal(again.mask, found.mask)
    nothing = find_faulty_pixels(means, variances, SIZES, np.ones(SHAPE, bool))
    assert not nothing.mask.any()


@pytest.mark.parametrize("unit", [1e-6, 12.5])
def test_unit_does_not_matter(clean, unit):
    rates = (clean + 100 * clean.mean() * spread(2, 9)) * ~rows_dead(2)
    means, variances = counted(rates)
    found = find_faulty_pixels(means, variances, SIZES)
    assert found.hot.sum() >= 8
    assert found.dead.sum() == 150
    scaled = find_faulty_pixels(means * unit, variances * unit**2, SIZES)
    np.testing.assert_array_equal(scaled.hot, found.hot)
    np.testing.assert_array_equal(scaled.dead, found.dead)


@pytest.mark.parametrize("offset", [0.5, 5, 100])
@pytest.mark.parametrize("known", [False, True], ids=["as counts", "measured"])
def test_offset(clean, offset, known):
    """Whether its variances count it as noise or not."""
    means, variances = counted(clean)
    used = np.ones(SHAPE, bool)
    if not known:
        variances = (means + offset) / SIZES[:, None, None]
    floor, excess = find_floor(means + offset, variances, used)
    assert floor == pytest.approx(offset, rel=0.03)
    expected = 0 if known else offset
    np.testing.assert_allclose(excess * SIZES, expected, rtol=0.05, atol=0.05)
    assert grouped(means + offset, variances) == LABELS
    raised = find_faulty_pixels(means + offset, variances, SIZES)
    assert not raised.mask.any()


def test_arguments_stay_as_they_are(clean):
    means, variances = counted((clean + 5) * ~stop(2))
    arrays = means, variances, SIZES
    before = [x.copy() for x in arrays]
    find_faulty_pixels(*arrays)
    group_rotations(means, variances)
    for now, then in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_no_noise_and_no_counts(clean):
    nothing = np.zeros_like(clean)
    assert not find_faulty_pixels(nothing, nothing, SIZES).mask.any()
    dead = rows_dead(2)
    found = find_faulty_pixels(clean * ~dead, nothing, SIZES)
    np.testing.assert_array_equal(found.dead, dead)
    scattered = ~spread(0, 40)
    found = find_faulty_pixels(*counted(clean), SIZES, scattered)
    assert not found.mask.any()


def spoilt(name, sums, sizes, rng):
    """Sums of counts of all domains, as a faulty detector would have counted."""
    n, shape = sizes[:, None, None], sums.shape[1:]
    overall = sums.sum(axis=0) / sizes.sum()
    if name == "hot":
        hot = spread(rng.integers(100), 4, shape)
        return sums + rng.poisson(20 * np.quantile(overall, 0.999) * hot * n)
    if name == "offset":
        return sums + 20 * n
    dead, (y, x) = np.zeros(shape, bool), (side // 2 for side in shape)
    if name == "rows":
        dead[rng.choice(shape[0], 3, replace=False)] = True
    elif name == "stop":
        dead[: y + 4, x - 2 : x + 2] = True
    else:
        dead[y - 1 : y + 1] = dead[:, x - 1 : x + 1] = True
    return sums * ~dead


SCANS = {
    "naphi": ("naphi_50x50x64x64.hspy", "ground_truth.npz", "class_id"),
    "two_lattices": ("scan_32x32x64x64.hspy", "truth.npz", "grain_id"),
}
FOLDERS = {"naphi": "naphi_real_endmembers", "two_lattices": "two_lattices_sim"}


@pytest.mark.parametrize("name", SCANS)
def test_scans_of_others(name, shared_data):
    file, truth, domains = SCANS[name]
    folder = shared_data / FOLDERS[name]
    truth = np.load(folder / truth, allow_pickle=True)
    domain, counts = truth[domains].astype(int), scan(folder, file)
    sizes = np.bincount(domain.ravel())
    sums = [counts[domain == k].sum(axis=0, dtype=float) for k in range(sizes.size)]
    sums, n = np.stack(sums), sizes[:, None, None]
    assert not find_faulty_pixels(sums / n, sums / n**2, sizes).mask.any()
    for fault in ("hot", "offset", "rows", "stop", "cross"):
        means = spoilt(fault, sums, sizes, np.random.default_rng(1)) / n
        found = find_faulty_pixels(means, means / n, sizes)
        groups = group_rotations(means, means / n, excluded=found.mask)
        phases = groups.labels[domain].ravel()
        index = adjusted_rand_score(truth["phase_id"].ravel(), phases)
        assert index == 1, fault
