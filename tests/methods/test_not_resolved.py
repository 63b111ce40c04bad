"""A scan of one domain: there is nothing to be sure of, and all that follows."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest

from .test_exposures import QUIET, SETTINGS, SHAPE, SIGNAL, planted


def run(signal, *arguments, **keywords):
    return signal.domain_confidence(*arguments, **(SETTINGS | keywords))


@pytest.fixture(scope="module")
def scan():
    return planted(n_domains=1)[0]


@pytest.fixture(scope="module")
def confidence(scan):
    return run(scan, print_info=False)


def assert_not_resolved(confidence):
    assert not confidence.is_resolved
    assert confidence.n_domains == 1
    assert np.isnan(confidence.data).all()
    assert np.isnan(confidence.posterior.data).all()
    np.testing.assert_array_equal(confidence.domains.labels, 0)


def test_nothing_to_be_sure_of(confidence):
    assert confidence.data.shape == SHAPE
    assert confidence.posterior.data.shape == (*SHAPE, 1)
    assert_not_resolved(confidence)


def test_a_scan_of_two_domains_is_resolved():
    resolved = run(planted()[0], print_info=False)
    assert resolved.is_resolved
    assert np.isfinite(resolved.data).all()
    assert resolved.n_domains == 2


@pytest.mark.parametrize("threshold", [0, 0.5, 1])
def test_the_domain_stays_at_any_threshold(confidence, threshold):
    domains = confidence.at_threshold(threshold)
    np.testing.assert_array_equal(domains.labels, 0)
    assert domains.sizes.tolist() == [160]
    assert confidence.n_patterns(threshold).tolist() == [160]


def test_reason_is_in_the_tree(confidence):
    tree = confidence.domains.tree
    assert len(tree) == 1
    assert tree[0].reason == "noise"


def test_mean_pattern_is_that_of_all(confidence, scan):
    means = confidence.mean_patterns(**QUIET)
    assert means.data.shape == (1, *SIGNAL)
    np.testing.assert_allclose(means.data[0], scan.data.mean(axis=(0, 1)))


def test_doubts_and_weights_are_numbers(confidence):
    """No doubt is about what is not there; training on it needs weights."""
    assert {"boundary", "noise"} <= confidence.doubts.keys()
    for doubt in confidence.doubts.values():
        assert np.isfinite(doubt.data).all()
        assert doubt.data.min() >= 0
        assert doubt.data.max() <= 1
    np.testing.assert_allclose(confidence.sample_weight.data, 1)
    assert confidence.rounds["unassigned"] == [0]
    assert confidence.rounds["information"] == [0]
    assert np.isnan(confidence.rounds["mean_confidence"]).all()


@pytest.mark.parametrize("name", ["plot", "plot_doubts", "plot_posterior"])
def test_figures(confidence, name):
    figure = getattr(confidence, name)()
    figure.draw_without_rendering()
    images = [image for axes in figure.axes for image in axes.images]
    assert images
    plt.close(figure)


def test_rounds_can_be_plotted(confidence):
    axes = confidence.plot_rounds()
    axes.figure.draw_without_rendering()
    assert axes.get_lines()
    plt.close(axes.figure)


@pytest.mark.parametrize("name", ["reliability", "plot_reliability"])
def test_reliability(confidence, name):
    """There is none, and it says why."""
    with pytest.raises(ValueError, match="confidence is NaN.*nothing was resolved"):
        getattr(confidence, name)(np.zeros(SHAPE, int))


def test_saved_and_reloaded(confidence, tmp_path):
    confidence.save(tmp_path / "one.hspy")
    found = hs.load(tmp_path / "one.hspy")
    assert_not_resolved(found)
    assert found.domains.tree[0].reason == "noise"
    found.plot().draw_without_rendering()
    plt.close("all")


def test_masked_positions_have_no_domain(scan):
    mask = np.zeros(SHAPE, bool)
    mask[2:4, 3] = True
    confidence = run(scan, navigation_mask=mask, print_info=False)
    assert not confidence.is_resolved
    assert np.isnan(confidence.data).all()
    np.testing.assert_array_equal(confidence.domains.labels, np.where(mask, -1, 0))
    figure = confidence.plot_posterior()
    figure.draw_without_rendering()
    plt.close(figure)


def test_positions_without_counts_have_no_domain(scan):
    dark = scan.deepcopy()
    dark.data[5, 6:9] = 0
    confidence = run(dark, print_info=False)
    assert not confidence.is_resolved
    assert np.argwhere(confidence.domains.labels < 0).tolist() == [
        [5, 6],
        [5, 7],
        [5, 8],
    ]


def test_printed(scan, capsys):
    run(scan)
    printed = capsys.readouterr().out
    assert "domains=1 (agreed on by 2 maps), of 160 positions" in printed
    assert "Not split: patterns differ by no more than noise." in printed
    assert "not resolved: there is nothing to be sure of" in printed
    assert "mean_confidence" not in printed
    run(planted()[0])
    assert "not resolved" not in capsys.readouterr().out


def test_a_given_map_of_one_domain(scan, confidence):
    """It is no better known for being given; that of two domains would be wrong."""
    given = run(scan, np.zeros(SHAPE, int), print_info=False)
    assert_not_resolved(given)
    again = run(scan, confidence, print_info=False)
    assert_not_resolved(again)


@pytest.mark.filterwarnings("ignore:.* patterns are the same as another one")
def test_a_given_map_of_one_domain_where_there_are_two():
    """The scan is resolved: that there is only one domain is then in doubt."""
    scan, labels = planted(n_domains=2)
    # The smaller one is what the larger one hides.
    scan.data[:, 8:10] = scan.data[:, 6:8]
    hidden = np.indices(SHAPE)[1] >= 10
    confidence = run(scan, np.zeros(SHAPE, int), print_info=False)
    assert confidence.is_resolved
    assert np.isfinite(confidence.data).all()
    doubt = confidence.doubts["unresolved"].data
    assert doubt[hidden].min() > 4 * doubt[~hidden].max()
    assert confidence.data[hidden].max() < confidence.data[~hidden].min()
