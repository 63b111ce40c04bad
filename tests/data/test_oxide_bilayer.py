import numpy as np
import pytest

from hyperspy_4dphase.data import oxide_bilayer

SMALL = {"navigation_shape": (60, 44), "signal_shape": (40, 36), "dose": 50}


def test_layers_lie_on_each_other():
    _, truth = oxide_bilayer(**SMALL, random_state=0)
    assert truth.component_names == ("SiO2", "TiO2", "vacuum")
    assert np.all(truth.domain[0] == 2)
    assert np.all(truth.domain[-1] == 0)
    assert np.all(truth.domain[27] == 1)
    for column in truth.domain.T:
        order = column[np.flatnonzero(np.diff(column, prepend=-1))]
        assert order.tolist() == [2, 1, 0]


def test_interface_is_rough_and_mixed():
    _, truth = oxide_bilayer(**SMALL, random_state=0)
    height = (truth.domain == 0).sum(axis=0)
    assert len(np.unique(height)) > 2
    assert (truth.mixedness > 0.1).mean() > 0.05
    _, sharper = oxide_bilayer(**SMALL, random_state=0, interface_width=0.0)
    assert sharper.mixedness.mean() < 0.75 * truth.mixedness.mean()


def test_without_vacuum():
    _, truth = oxide_bilayer(**SMALL, random_state=0, vacuum=False)
    assert truth.component_names == ("SiO2", "TiO2")
    assert set(np.unique(truth.domain)) == {0, 1}


def test_thickness_varies_the_brightness_only():
    _, truth = oxide_bilayer(**SMALL, random_state=0, vacuum=False)
    brightness = truth.abundance.sum(axis=-1)
    assert brightness.std() > 0.01
    ratio = brightness / truth.maps["thickness"]
    np.testing.assert_allclose(ratio, ratio[0, 0])
    _, even = oxide_bilayer(
        **SMALL, random_state=0, vacuum=False, thickness_variation=0.0
    )
    np.testing.assert_allclose(even.abundance.sum(axis=-1), 1)


def test_layout_seed_changes_the_layout():
    _, one = oxide_bilayer(**SMALL, random_state=0)
    _, two = oxide_bilayer(**SMALL, random_state=0, layout_seed=1)
    assert np.any(one.domain != two.domain)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("interface_width", -1), ("thickness_variation", 1.5), ("layout_seed", -1)],
)
def test_bad_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be"):
        oxide_bilayer(**SMALL, **{argument: value})
