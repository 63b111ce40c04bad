"""`get_group_loadings`: maps of groups of components, as HyperSpy gives loadings."""

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from .conftest import NAVIGATION, calibrated, lazy

SETTINGS = {"random_state": 0, "show_progressbar": False, "print_info": False}
SHAPE = (40, 44)


@pytest.fixture(scope="module")
def bent():
    """A peak that moves over the scan, beside a domain where it stands still."""
    y, x = np.indices(SHAPE)
    centres = np.where(x < 30, 4 + 8 * x / 30 + np.sin(y / 6), 20.0)[..., None, None]
    rows, columns = np.indices((7, 26))
    patterns = np.exp(-((columns - centres) ** 2) / 8 - (rows - 3) ** 2 / 4) + 0.01
    rng = np.random.default_rng(0)
    scan = calibrated(rng.poisson(15 * patterns).astype("u2"))
    scan.decomposition_rnmf(**SETTINGS)
    return scan


def check_sums(scan):
    maps, loadings = scan.get_group_loadings(), scan.get_decomposition_loadings()
    groups = np.asarray(scan.learning_results.groups)
    assert 1 < maps.data.shape[0] < loadings.data.shape[0]
    np.testing.assert_allclose(
        np.asarray(maps.data.sum(axis=0)), np.asarray(loadings.data.sum(axis=0))
    )
    for j, found in enumerate(np.asarray(maps.data)):
        expected = np.asarray(loadings.data)[groups == j].sum(axis=0)
        np.testing.assert_allclose(found, expected)
    return maps


def test_sums(bent):
    maps = check_sums(bent)
    assert maps.data.shape == (2, *SHAPE)
    for found, axis in zip(
        maps.axes_manager.signal_axes, bent.axes_manager.navigation_axes, strict=True
    ):
        assert (found.scale, found.units) == (axis.scale, axis.units)
    inside, outside = np.s_[:, :28], np.s_[:, 32:]
    for one in maps.data:
        low, high = sorted([one[inside].mean(), one[outside].mean()])
        assert low < 0.05 * high


def test_one_map_for_one_component(scan):
    scan.decomposition_rnmf(1, **SETTINGS)
    np.testing.assert_array_equal(
        scan.get_group_loadings().data, scan.get_decomposition_loadings().data
    )


def test_masked_positions(scan):
    mask = np.zeros(NAVIGATION, bool)
    mask[2:4, 7] = True
    scan.decomposition_rnmf(3, None, mask, **SETTINGS)
    assert (np.isnan(scan.get_group_loadings().data) == mask).all()


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
def test_after_saving(bent, tmp_path, extension):
    bent.save(tmp_path / f"scan.{extension}")
    check_sums(hs.load(tmp_path / f"scan.{extension}"))


def test_lazy(bent):
    check_sums(lazy(bent.deepcopy()))


def test_cropped(bent):
    scan = bent.deepcopy()
    scan.learning_results.crop_decomposition_dimension(2)
    assert len(scan.get_group_loadings().data) <= 2


def test_printed(bent, capsys):
    scan = bent.deepcopy()
    scan.decomposition_rnmf(**(SETTINGS | {"print_info": True}))
    printed = capsys.readouterr().out
    assert "  groups=2 (of components that pass smoothly into one another)" in printed
    assert " | " in printed


def test_no_groups(scan):
    with pytest.raises(RuntimeError, match="decomposition_rnmf"):
        scan.get_group_loadings()
    scan.decomposition_rnmf(2, **SETTINGS)
    scan.change_dtype("float64")
    scan.decomposition(output_dimension=2, print_info=False)
    with pytest.raises(RuntimeError, match="decomposition_rnmf"):
        scan.get_group_loadings()
    assert hasattr(Diffraction2D, "get_group_loadings")
