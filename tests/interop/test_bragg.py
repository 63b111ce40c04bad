"""Bragg peaks as features: where they are on the grid, and what they tell apart."""

import warnings

import numpy as np
import pytest
from pyxem.signals import DiffractionVectors
from sklearn.metrics import homogeneity_score

from hyperspy_4dphase.interop import bragg_features, from_py4dstem

SCAN = (3, 4)
# Of the detector, in py4DSTEM: rows first.
ORIGIN, STEP, DETECTOR = (20.5, 15.25), 0.05, (44, 33)
QUIET = {"print_info": False, "show_progressbar": False, "random_state": 0}


@pytest.fixture(scope="module")
def py4dstem():
    # What it imports warns.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("py4DSTEM", exc_type=ImportError)


def peak_lists(seed=0):
    """Peaks (ky, kx, intensity) of each probe position, (0, 0) at the direct beam."""
    rng = np.random.default_rng(seed)
    cells = np.empty(SCAN, dtype=object)
    for i in np.ndindex(SCAN):
        n = rng.integers(1, 6)
        cells[i] = np.column_stack(
            [rng.uniform(-0.6, 0.6, n), rng.uniform(-0.6, 0.6, n), rng.gamma(2, 9, n)]
        )
    return cells


def make_vectors(cells=None, fields=("ky", "kx", "intensity"), units="$A^{-1}$"):
    cells = peak_lists() if cells is None else cells
    vectors = DiffractionVectors(cells, ragged=True)
    vectors.column_names = list(fields)
    vectors.units = [units, units, "a.u."][: len(fields)]
    vectors.axes_manager[0].scale = 0.5
    return vectors


@pytest.fixture
def bragg_vectors(py4dstem):
    cells = peak_lists()
    vectors = py4dstem.BraggVectors(SCAN, DETECTOR)
    for i in np.ndindex(SCAN):
        fields = [("qx", float), ("qy", float), ("intensity", float)]
        rows = np.zeros(len(cells[i]), fields)
        rows["qx"] = cells[i][:, 0] / STEP + ORIGIN[0]
        rows["qy"] = cells[i][:, 1] / STEP + ORIGIN[1]
        rows["intensity"] = cells[i][:, 2]
        vectors._v_uncal[i] += rows
    return vectors


def calibrate(vectors):
    calibration = vectors.calibration
    calibration.set_origin(ORIGIN)
    calibration.set_Q_pixel_size(STEP)
    calibration.set_Q_pixel_units("A^-1")
    calibration.set_R_pixel_size(2.0)
    calibration.set_R_pixel_units("nm")


def centres(features):
    """Mean position (ky, kx) of the peaks of each probe position."""
    kx, ky = (axis.axis for axis in features.axes_manager.signal_axes)
    total = features.data.sum(axis=(2, 3))
    down = (features.data.sum(axis=3) * ky).sum(axis=2) / total
    return np.stack([down, (features.data.sum(axis=2) * kx).sum(axis=2) / total], -1)


def true_centres():
    cells = peak_lists()
    means = [np.average(c[:, :2], axis=0, weights=c[:, 2]) for c in cells.ravel()]
    return np.reshape(means, (*SCAN, 2))


def test_features_have_peaks_where_they_are():
    features = bragg_features(make_vectors(), (16, 11))
    assert features.data.shape == (*SCAN, 16, 11)
    np.testing.assert_allclose(centres(features), true_centres(), atol=1e-5)
    sums = [cell[:, 2].sum() for cell in peak_lists().ravel()]
    np.testing.assert_allclose(features.data.sum((2, 3)).ravel(), sums, rtol=1e-5)
    assert features.axes_manager["kx"].units == "$A^{-1}$"
    assert features.axes_manager[0].scale == 0.5


def test_columns_are_known_by_their_names():
    swapped = peak_lists()
    for i in np.ndindex(SCAN):
        swapped[i] = swapped[i][:, [1, 0, 2]]
    one = bragg_features(make_vectors(), (16, 11))
    other = bragg_features(make_vectors(swapped, ("kx", "ky", "intensity")), (16, 11))
    np.testing.assert_array_equal(one.data, other.data)


def test_calibrated_vectors_of_py4dstem_are_the_same(bragg_vectors):
    calibrate(bragg_vectors)
    features = bragg_features(bragg_vectors, (16, 11), limit=0.7)
    expected = bragg_features(make_vectors(), (16, 11), limit=0.7)
    np.testing.assert_allclose(features.data, expected.data, atol=1e-4)
    assert features.axes_manager["kx"].units == "$A^{-1}$"
    assert features.axes_manager["x"].scale == 2
    assert features.axes_manager["x"].units == "nm"


def test_calibrations_that_were_set_are_taken(bragg_vectors):
    calibrate(bragg_vectors)
    bragg_vectors.setcal(center=True, ellipse=False, pixel=False, rotate=False)
    features = bragg_features(bragg_vectors, (16, 11))
    assert features.axes_manager["kx"].units == "px"
    np.testing.assert_allclose(centres(features), true_centres() / STEP, atol=1e-4)


def test_vectors_without_calibration_are_pixels_of_the_detector(bragg_vectors):
    before = bragg_vectors.raw[1, 2].data.copy()
    features = bragg_features(bragg_vectors, (22, 11))
    ky, kx = (features.axes_manager[name] for name in ("ky", "kx"))
    assert (ky.scale, kx.scale, kx.units) == (2, 3, "px")
    # The first step covers the first pixels, from -0.5 on.
    assert (ky.offset, kx.offset) == (0.5, 1)
    np.testing.assert_allclose(
        centres(features), true_centres() / STEP + ORIGIN, atol=1e-3
    )
    np.testing.assert_array_equal(bragg_vectors.raw[1, 2].data, before)
    calibrate(bragg_vectors)
    raw = bragg_features(bragg_vectors, (22, 11), calibrated=False)
    np.testing.assert_array_equal(raw.data, features.data)


def test_vectors_come_back_as_pyxems(bragg_vectors):
    vectors = from_py4dstem(bragg_vectors)
    assert isinstance(vectors, DiffractionVectors)
    for i in np.ndindex(SCAN):
        there = bragg_vectors.raw[i]
        rows = np.column_stack([there.qx, there.qy, there.I])
        np.testing.assert_array_equal(vectors.data[i], rows)
    one, other = bragg_features(vectors), bragg_features(bragg_vectors)
    np.testing.assert_array_equal(one.data, other.data)


def test_positions_without_peaks_are_nan_and_left_out():
    cells = peak_lists()
    cells[1, 2] = np.empty((0, 3))
    # Only the direct beam is no peak, but a pattern.
    cells[2, 3] = np.array([[0.0, 0.0, 5.0]])
    features = bragg_features(make_vectors(cells), (16, 11), min_radius=0.01)
    missing = np.isnan(features.data).any(axis=(2, 3))
    assert np.argwhere(missing).tolist() == [[1, 2]]
    assert not features.data[2, 3].any()
    domains = features.cluster_hierarchical(source=features, n_domains=1, **QUIET)
    np.testing.assert_array_equal(domains.labels == -1, missing)


def test_direct_beam_is_left_out_and_intensities_may_be():
    cells = peak_lists()
    for i in np.ndindex(SCAN):
        cells[i] = np.vstack([cells[i], [0.01, -0.01, 1e6]])
    with_beam = bragg_features(make_vectors(cells), limit=0.6, min_radius=0.02)
    without = bragg_features(make_vectors(), limit=0.6)
    np.testing.assert_array_equal(with_beam.data, without.data)
    counted = bragg_features(make_vectors(), use_intensities=False)
    sizes = [len(cell) for cell in peak_lists().ravel()]
    np.testing.assert_allclose(counted.data.sum((2, 3)).ravel(), sizes, rtol=1e-5)


def test_lattices_are_told_apart():
    """Two lattices, the same but for 20 degrees, at random strength."""
    rng = np.random.default_rng(0)
    truth = np.zeros((14, 18), int)
    truth[:, 8:] = 1
    cells = np.empty(truth.shape, dtype=object)
    h, k = np.indices((5, 5)).reshape(2, -1) - 2
    for i in np.ndindex(truth.shape):
        angle = np.deg2rad(20 * truth[i] + rng.normal(0, 0.5))
        ky, kx = (
            0.25 * (h * np.sin(angle) + k * np.cos(angle)),
            0.25 * (h * np.cos(angle) - k * np.sin(angle)),
        )
        strength = rng.gamma(20, 1) * np.exp(-(h**2 + k**2) / 6.0)
        rows = np.column_stack([ky, kx, strength * rng.gamma(10, 0.1, h.size)])
        cells[i] = rows[rng.random(h.size) < 0.8]
    features = bragg_features(make_vectors(cells), min_radius=0.1)
    found = features.cluster_hierarchical(source=features**0.5, **QUIET)
    # No domain mixes them; with one seed in two one of them is cut again, where its
    # strength, whose scatter is not known, happens to leave a gap.
    assert homogeneity_score(truth.ravel(), found.labels.ravel()) > 0.95
    assert 2 <= found.n_domains <= 4


def test_measured_peaks_give_coherent_domains(py4dstem, shared_data):
    """A cathode particle: no position is used, but neighbours agree."""
    file = shared_data / "lco_spinel_real_peaks" / "braggdisks_cali.h5"
    lists = py4dstem.read(str(file), datapath="4DSTEM/braggpeaks_cal_raw")
    features = bragg_features(lists, (24, 20), units="A^-1", min_radius=0.15)
    assert features.data.shape == (80, 58, 24, 20)
    part = features.inav[::2, ::2]
    found = part.cluster_hierarchical(source=part, n_domains=3, **QUIET).labels
    assert found.max() == 2
    agree = np.mean(found[1:] == found[:-1]), np.mean(found[:, 1:] == found[:, :-1])
    shuffled = np.random.default_rng(0).permutation(found.ravel()).reshape(found.shape)
    by_chance = np.mean(shuffled[1:] == shuffled[:-1])
    assert min(agree) > 0.8
    assert by_chance < 0.6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": 32}, "shape must be two integers"),
        ({"shape": (32, 1)}, "shape must be at least 2"),
        ({"limit": 0}, "limit must be finite and above 0"),
        ({"min_radius": 2}, "none of them outside min_radius=2"),
        ({"calibrated": True}, "calibrated is for BraggVectors"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        bragg_features(make_vectors(), **options)


def test_wrong_vectors():
    with pytest.raises(TypeError, match="HyperSpy signal is needed, not list"):
        bragg_features([[0, 0, 1]])
    cells = peak_lists()
    cells[0, 1][0, 2] = np.nan
    cells[0, 2][0, 0] = np.inf
    with pytest.raises(ValueError, match="2 of .* peaks hold NaN or infinite"):
        bragg_features(make_vectors(cells))
    cells = peak_lists()
    cells[0, 1][0, 2] = -1
    with pytest.raises(ValueError, match="1 of .* peaks have negative intensities"):
        bragg_features(make_vectors(cells))
    cells = peak_lists()
    for i in np.ndindex(SCAN):
        cells[i] = cells[i][:, :2]
    vectors = make_vectors(cells, ("ky", "kx"))
    with pytest.raises(ValueError, match="but no intensity"):
        bragg_features(vectors)
    assert bragg_features(vectors, use_intensities=False).data.any()


def test_wrong_arguments_for_bragg_vectors(bragg_vectors):
    with pytest.raises(ValueError, match="no calibrated origin"):
        bragg_features(bragg_vectors, calibrated=True)
    with pytest.raises(ValueError, match="there is no origin"):
        bragg_features(bragg_vectors, min_radius=0.1)
    with pytest.raises(ValueError, match="units of their own"):
        bragg_features(bragg_vectors, units="A^-1")
    with pytest.raises(TypeError, match="calibrated must be True, False or None"):
        bragg_features(bragg_vectors, calibrated="yes")


def test_vectors_of_another_scan(bragg_vectors):
    other = make_vectors(np.array([peak_lists()[0]], dtype=object)[:, :3])
    with pytest.raises(ValueError, match=r"shape \(3, 4\), the scan"):
        bragg_features(bragg_vectors, like=bragg_features(other))
