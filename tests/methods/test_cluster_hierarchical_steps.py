"""`cluster_hierarchical`: steps, continua and refused splits, in maps and in print."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from .domain_scans import planted

QUIET = {"show_progressbar": False, "random_state": 0}
SILENT = QUIET | {"print_info": False}
NAVIGATION, SIGNAL = (30, 44), (9, 11)


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def bent_scan(seed=0):
    """A crystal that bends fast in the middle, and vacuum below it.

    Between its two sides there is a gap, but no step.
    """
    rng = np.random.default_rng(seed)
    patterns = rng.gamma(0.5, 1, (4, *SIGNAL)) + 0.05
    y, x = np.indices(NAVIGATION) / np.reshape(NAVIGATION, (2, 1, 1))
    steep = 1 / (1 + np.exp(-16 * (x - 0.5)))
    shares = np.stack([1 - steep, steep, np.sin(np.pi * x), 0 * x], axis=-1)
    shares[y > 0.7] = 0, 0, 0, 1
    expected = np.einsum("yxk,kij->yxij", shares, patterns)
    expected *= 1500 / expected.sum(axis=(2, 3), keepdims=True)
    return Diffraction2D(rng.poisson(expected).astype("uint16")), y <= 0.7, x


@pytest.fixture(scope="module")
def bent():
    scan, inside, x = bent_scan()
    return scan, inside, x, scan.cluster_hierarchical(return_info=True, **SILENT)


def test_maps_are_those_of_the_estimator(bent):
    _, inside, _, (domains, estimator) = bent
    for name in ("steps", "along", "refused"):
        found = getattr(domains, name).data
        values = getattr(estimator, f"{name}_").reshape(NAVIGATION)
        np.testing.assert_array_equal(found, values)
    rows = np.flatnonzero(np.diff(inside[:, 0]))
    own = domains.steps.data
    assert (own[rows[0] : rows[0] + 2] > 1.95).mean() > 0.95
    assert np.median(own[:15]) < 1.5


def test_what_bends_is_one_domain(bent):
    _, inside, x, (domains, _) = bent
    assert domains.n_domains == 2
    label = domains.labels[0, 0]
    assert (domains.labels[inside] == label).all()
    assert domains.continuum(label).is_continuum
    assert not domains.continuum(1 - label).is_continuum
    along = domains.along.data[inside]
    assert abs(np.corrcoef(along, x[inside])[0, 1]) > 0.9


def test_masked_positions(bent):
    scan = bent[0]
    mask = np.zeros(NAVIGATION, bool)
    mask[4:6, 3:9] = mask[20, 1] = True
    domains = scan.cluster_hierarchical(navigation_mask=mask, **SILENT)
    np.testing.assert_array_equal(np.isnan(domains.steps.data), mask)
    np.testing.assert_array_equal(np.isnan(domains.along.data), mask)
    assert not domains.refused.data[mask].any()


def test_what_is_refused_is_told(bent, capsys):
    scan, inside, x, (domains, _) = bent
    label = domains.labels[0, 0]
    refused = domains.refused.data
    scan.cluster_hierarchical(**QUIET)
    printed = capsys.readouterr().out
    assert (
        f"continua=1 of 2 domains: patterns change gradually within {label}" in printed
    )
    node = next(n for n in domains.tree if n.label == label)
    assert node.refused < -4
    np.testing.assert_array_equal(refused > 0, inside)
    # The two sides are those of the bend.
    sides = [x[refused == side] for side in (1, 2)]
    low, high = sorted(sides, key=np.mean)
    assert np.percentile(low, 95) < np.percentile(high, 5) + 0.05
    n = sorted((refused == side).sum() for side in (1, 2))
    assert f"(log_p={node.refused:.1f})" in printed
    assert f"into {n[1]} and {n[0]} positions. See plot_refused()." in printed
    assert f"Not split: domain {label}" in printed
    domains.plot_refused()


def test_confidence_of_a_map_with_a_refused_split_is_told(bent, capsys):
    # The map that comes of many knows the score, but not the sides.
    scan, _, _, (domains, _) = bent
    found = scan.domain_confidence(domains, n_maps=4, **QUIET)
    assert found.data.shape == NAVIGATION
    printed = capsys.readouterr().out
    assert "that cuts a gradual change." in printed
    assert "plot_refused()" not in printed


def test_steps_are_copies(bent):
    *_, (domains, _) = bent
    before = domains.steps.data.copy()
    domains.steps.data[:] = 0
    np.testing.assert_array_equal(domains.steps.data, before)


def test_nothing_is_told_where_nothing_is(capsys):
    scan, _ = planted()
    scan.cluster_hierarchical(**QUIET)
    printed = capsys.readouterr().out
    assert printed.count("continua=0 of 3 domains\n") == 1
    assert "Not split" not in printed
    scan.cluster_hierarchical(n_parts=2, **QUIET)
    assert "continua" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({}, {"steps", "along", "refused"}),
        ({"neighbours_sum": False}, {"along", "refused"}),
        ({"n_parts": 2}, set()),
        ({"source": np.random.default_rng(0).normal(size=(20, 12, 2))}, {"refused"}),
    ],
)
def test_what_is_known(options, known):
    scan, _ = planted()
    domains = scan.cluster_hierarchical(**options, **SILENT)
    for name in ("steps", "along", "refused"):
        if name in known:
            assert getattr(domains, name).data.shape == domains.data.shape
        elif name == "steps" or not known:
            with pytest.raises(ValueError, match=f"{name!r} is not known of this map"):
                getattr(domains, name)


def test_vote_forgets_where_labels_change():
    scan, labels = planted()
    single = labels.copy()
    single[3, 4], single[15, 6] = 1, 0
    rng = np.random.default_rng(5)
    scan.data[:] = rng.poisson((rng.gamma(0.3, 40, (3, *SIGNAL)) + 1)[single])
    before = scan.cluster_hierarchical(**SILENT)
    after = scan.cluster_hierarchical(neighbours_vote=True, **SILENT)
    changed = before.labels != after.labels
    assert changed[3, 4]
    np.testing.assert_array_equal(np.isnan(after.along.data), changed)
    np.testing.assert_array_equal(after.steps.data, before.steps.data)


def test_confidence_knows_no_steps():
    """Its domains are of many maps."""
    scan, _ = planted()
    sure = scan.domain_confidence(n_maps=6, **SILENT)
    with pytest.raises(ValueError, match="of many maps"):
        _ = sure.domains.steps


def test_plot_continuum_reads_the_scan(bent):
    scan, _, _, (domains, _) = bent
    figure = domains.plot_continuum(show_progressbar=False)
    again = domains.plot_continuum(domains.labels[0, 0], scan, show_progressbar=False)
    for one, other in zip(figure.axes, again.axes, strict=True):
        assert one.get_title() == other.get_title()
