import numpy as np
import pytest

from hyperspy_4dphase.data import domain_phantom
from hyperspy_4dphase.data.domain_phantom import fading_bar, phantom_labels

SMALL = {"navigation_shape": (74, 66), "signal_shape": (32, 36), "dose": 40}


def test_default_shape_has_thirteen_classes_with_thin_and_small_ones():
    labels = phantom_labels((295, 296))
    areas = np.bincount(labels.ravel(), minlength=13)
    assert len(areas) == 13
    assert areas.min() > 400
    lines = np.argwhere(labels == 10)
    widths = np.diff(np.flatnonzero(np.diff(np.r_[-9, np.unique(lines[:, 0])]) > 1))
    assert widths.tolist() == [3, 2]
    assert np.sum(lines[:, 0] == lines[:, 0].max()) > 50


def test_phases_join_orientations():
    _, truth = domain_phantom(**SMALL, random_state=0)
    assert truth.n_components == 13
    assert truth.phase_names == (
        "vacuum",
        "SiO2",
        "SrTiO3",
        "Si",
        "Al",
        "Fe",
        "NMC622",
    )
    assert np.bincount(truth.component_phase).tolist() == [1, 1, 3, 3, 2, 2, 1]


def test_bar_fades_from_vacuum_to_a_pattern():
    _, truth = domain_phantom(**SMALL, random_state=0)
    bar = truth.maps["bar"]
    assert 0.03 < bar.mean() < 0.12
    row = np.flatnonzero(bar.any(axis=1))[0]
    fade = truth.abundance[row][bar[row]]
    assert np.all(np.diff(fade[:, 2]) > 0)
    np.testing.assert_allclose(fade[:, 0] + fade[:, 2], 1)
    assert fade[0, 2] < 0.05
    assert fade[-1, 2] > 0.95


def test_everything_else_is_pure_until_blurred():
    _, truth = domain_phantom(**SMALL, random_state=0)
    assert np.all(truth.mixedness[~truth.maps["bar"]] == 0)
    _, blurred = domain_phantom(**SMALL, random_state=0, boundary_width=1.0)
    assert (blurred.mixedness > 0.05).mean() > 0.2


@pytest.mark.parametrize("shape", [(40, 40), (64, 48), (50, 130), (295, 296)])
def test_every_class_is_there_at_any_size(shape):
    assert set(np.unique(phantom_labels(shape))) == set(range(13))
    assert fading_bar(shape)[0].any()


def test_too_small_a_scan():
    with pytest.raises(
        ValueError, match=r"large enough for all 13 classes, got \(5, 4"
    ):
        domain_phantom((5, 4), (16, 16))
