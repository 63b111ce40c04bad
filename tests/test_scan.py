"""The scan at the door: what masks leave, seeds, maps and names."""

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase._scan import Scan

NAVIGATION, SIGNAL = (5, 4), (3, 6)


def signal(title=""):
    counts = np.random.default_rng(0).poisson(9, (*NAVIGATION, *SIGNAL))
    s = Diffraction2D(counts.astype(np.uint16))
    s.metadata.General.title = title
    return s


@pytest.fixture
def masked():
    """A scan without three positions and four pixels, and the flat masks of these."""
    positions, pixels = np.zeros(20, bool), np.zeros(18, bool)
    positions[[2, 7, 11]] = pixels[[0, 5, 9, 17]] = True
    scan = Scan.from_signal(signal()).replace_masks(positions, pixels)
    return scan, positions, pixels


def test_one_seed_for_a_call():
    given = Scan.from_signal(signal(), random_state=7)
    drawn = Scan.from_signal(signal())
    assert given.seed == given.random_state == 7
    assert drawn.random_state is None
    assert 0 <= drawn.seed < 2**32
    assert drawn.replace_masks(None, None).seed == drawn.seed
    assert Scan.from_signal(signal()).seed != drawn.seed
    generator = np.random.RandomState(0)
    assert Scan.from_signal(signal(), random_state=generator).seed is generator


def test_masks_of_hyperspy_and_flat_ones_are_the_same(masked):
    expected, positions, pixels = masked
    masks = positions.reshape(NAVIGATION), pixels.reshape(SIGNAL)
    flat = Scan.from_signal(signal(), flat_masks=(positions, pixels))
    for found in (Scan.from_signal(signal(), *masks), flat):
        np.testing.assert_array_equal(found.kept_patterns, ~positions)
        np.testing.assert_array_equal(found.kept_pixels, ~pixels)
        assert found.shape == expected.shape == (17, 14)


def test_without_masks_all_is_kept():
    scan = Scan.from_signal(signal())
    assert (scan.n_positions, scan.shape) == (20, (20, 18))
    assert scan.kept_patterns.all()
    assert scan.kept_pixels.all()


def test_other_masks_leave_the_scan_as_it_was(masked):
    scan, positions, pixels = masked
    other = scan.replace_masks(None, pixels)
    assert other.shape == (20, 14)
    assert scan.shape == (17, 14)
    assert other.signal is scan.signal
    np.testing.assert_array_equal(scan.kept_patterns, ~positions)


def test_blocks_are_what_masks_leave(masked):
    scan, positions, pixels = masked
    blocks = scan.blocks()
    assert blocks.shape == scan.shape
    found = blocks.reduce(lambda patterns, rows: [patterns.copy()], list.__add__)
    expected = scan.signal.data.reshape(20, 18)[~positions][:, ~pixels]
    np.testing.assert_array_equal(np.concatenate(found), expected)


@pytest.mark.parametrize(("values", "fill"), [(np.arange(17), -1), (np.ones(17), None)])
def test_maps_have_values_where_patterns_are(masked, values, fill):
    scan, positions, _ = masked
    found = scan.map_of(values) if fill is None else scan.map_of(values, fill)
    assert found.shape == NAVIGATION
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found.ravel()[~positions], values)
    empty = found.ravel()[positions]
    assert np.isnan(empty).all() if fill is None else (empty == fill).all()


def test_maps_of_several_values(masked):
    scan, positions, _ = masked
    values = np.random.default_rng(0).random((17, 2))
    found = scan.map_of(values)
    assert found.shape == (*NAVIGATION, 2)
    np.testing.assert_array_equal(found[~positions.reshape(NAVIGATION)], values)


def test_positions_are_those_of_the_patterns(masked):
    scan, positions, _ = masked
    expected = np.argwhere(~positions.reshape(NAVIGATION))
    np.testing.assert_array_equal(scan.positions, expected)
    np.testing.assert_array_equal(scan.grid_positions, expected)


def test_scans_of_a_series_are_far_apart():
    counts = np.random.default_rng(0).poisson(9, (3, *NAVIGATION, *SIGNAL))
    s = Diffraction2D(counts)
    s.axes_manager[2].name = "time"
    s.axes_manager[2].units = "s"
    scan = Scan.from_signal(s)
    assert scan.grid_positions.shape == (60, 3)
    assert scan.positions.shape == (60, 2)
    step = np.abs(scan.positions[:, None] - scan.positions).max(axis=-1)
    other = scan.grid_positions[:, None, 0] != scan.grid_positions[:, 0]
    assert step[other].min() > max(NAVIGATION)


@pytest.mark.parametrize(
    ("title", "expected"), [("foil", "Domains of foil"), ("", "Domains")]
)
def test_results_are_named_after_the_scan(title, expected):
    scan = Scan.from_signal(signal(title))
    found = scan.name_result("Domains", "domain_map")
    assert found["General"]["title"] == expected
    assert found["Signal"]["signal_type"] == "domain_map"
    assert scan.metadata["General"].get("title", "") == title
    assert scan.signal_type == "diffraction"


@pytest.mark.parametrize(
    ("given", "noise"), [(None, "measured"), (True, "counts"), (False, "uniform")]
)
def test_noise_as_it_is_asked_for(given, noise):
    assert Scan.from_signal(signal(), normalize_poissonian_noise=given).noise == noise


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"random_state": -1}, ValueError),
        ({"random_state": "x"}, TypeError),
        ({"keep_faulty": 1}, TypeError),
        ({"show_progressbar": "no"}, TypeError),
        ({"normalize_poissonian_noise": 1}, TypeError),
    ],
)
def test_wrong_arguments(options, error):
    with pytest.raises(error, match=next(iter(options))):
        Scan.from_signal(signal(), **options)
