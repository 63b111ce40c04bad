"""What is computed from a map is a plain signal; what has another order, a part."""

import numpy as np
import pytest
from hyperspy.signals import LazySignal2D, Signal2D

from .confidences import confident
from .domains import described, mapped

MAPS = {"confidence": lambda: confident()[0], "domains": lambda: mapped()[0]}
COMPUTED = {
    "twice": (lambda m: m * 2, lambda x: x * 2),
    "above": (lambda m: m > 0.5, lambda x: x > 0.5),
    "equal": (lambda m: m == 1, lambda x: x == 1),
    "plus": (lambda m: m + 1, lambda x: x + 1),
    "minus itself": (lambda m: m - m, lambda x: x - x),
    "negative": (lambda m: -m, lambda x: -x),
    "absolute": (lambda m: abs(m), np.abs),
    "rounded": (np.rint, np.rint),
    "added": (lambda m: np.add(m, 3), lambda x: x + 3),
}


@pytest.fixture(params=MAPS)
def made(request):
    return MAPS[request.param]()


@pytest.mark.parametrize("name", COMPUTED)
def test_arithmetic_gives_plain_signals(made, name):
    compute, expected = COMPUTED[name]
    before = made.data.copy()
    result = compute(made)
    assert type(result) is Signal2D
    np.testing.assert_array_equal(result.data, expected(before))
    assert result.axes_manager.signal_axes[0].scale == (
        made.axes_manager.signal_axes[0].scale
    )
    assert result.metadata.Sample.description == "bilayer"
    assert not result.metadata.has_item("Domain_map")
    np.testing.assert_array_equal(made.data, before)
    assert made._is_whole


@pytest.mark.parametrize("name", ["sum", "std", "max"])
def test_statistics_of_a_series_are_plain_signals(name):
    confidence = confident("3-D navigation", masks=False)[0]
    for made in (confidence, confidence.domains):
        found = getattr(made, name)(axis=0)
        assert type(found) is Signal2D
        assert not found.metadata.has_item("Domain_map")
        np.testing.assert_array_equal(found.data, getattr(made.data, name)(axis=0))
    # A mean of confidences is one, a mean of labels is no label.
    assert type(confidence.mean()) is type(confidence)
    assert type(confidence.domains.mean()) is Signal2D


def test_lazy_arithmetic_stays_lazy(made):
    result = made.as_lazy() > 0.5
    assert type(result) is LazySignal2D
    np.testing.assert_array_equal(result.data, made.data > 0.5)


def test_arithmetic_in_place(made):
    expected, same = made.data * 3, made
    made *= 3
    assert made is same
    assert type(made) is Signal2D
    np.testing.assert_array_equal(made.data, expected)
    assert not made.metadata.has_item("Domain_map")
    assert made.isig[:3].data.shape == (12, 3)


def test_what_else_changes_values_leaves_no_map():
    confidence = confident()[0]
    confidence.data = confidence.data / 2
    with pytest.raises(ValueError, match="its values were changed"):
        _ = confidence.domains
    domains = described()[0]
    domains.data[3, 3] += 1
    with pytest.raises(ValueError, match="changed otherwise"):
        _ = domains.steps
    with pytest.raises(ValueError, match="needs the whole map"):
        domains.split(0, domains.labels)


ORDERS = {
    "along x": lambda m: m.isig[::-1],
    "along y": lambda m: m.isig[:, ::-1],
    "both": lambda m: m.isig[::-1, ::-1],
    "swapped": lambda m: m.swap_axes(0, 1),
}


@pytest.mark.parametrize("order", ORDERS)
def test_another_order_is_not_whole(order):
    confidence, scan, *_ = confident()
    turned = ORDERS[order](confidence)
    for get in (
        lambda c: c.domains,
        lambda c: c.posterior,
        lambda c: c.doubts["noise"],
        lambda c: c.sample_weight,
        lambda c: c.at_threshold(0.5),
    ):
        with pytest.raises(ValueError, match="put in another order"):
            get(turned)
    turned = ORDERS[order](mapped()[0])
    for again in (turned, turned.merge([0, 1]), turned.deepcopy()):
        with pytest.raises(ValueError, match="needs the whole map"):
            again.mean_patterns(scan)


def test_an_order_of_a_square_map_is_not_taken_for_another():
    confidence, scan, labels, _ = confident("3-D navigation", masks=False)
    # Of the shape (3, 5, 7), with the planes in another order.
    turned = confidence.inav[::-1]
    assert turned.data.shape == confidence.data.shape
    with pytest.raises(ValueError, match="put in another order"):
        _ = turned.posterior


def test_maps_of_positions_follow_another_order():
    domains, _, _, maps = described()
    turned = domains.isig[::-1]
    np.testing.assert_array_equal(turned.steps.data, maps["steps"][:, ::-1])
    np.testing.assert_array_equal(turned.isig[::-1].along.data, maps["along"])


def test_all_of_a_map_is_whole(made, tmp_path):
    import hyperspy.api as hs

    made.save(tmp_path / "map.hspy")
    for lazy in (False, True):
        loaded = hs.load(tmp_path / "map.hspy", lazy=lazy)
        assert loaded._is_whole
        if lazy:
            loaded.close_file()
    assert made.isig[:, :]._is_whole
    assert made.deepcopy()._is_whole
    # Earlier versions have kept nothing that tells.
    made.metadata.set_item("Domain_map.checksum", None)
    assert made._is_whole
