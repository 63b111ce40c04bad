"""A decomposition as a result of its own: slices, files, maps, patterns and models."""

from functools import cache

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hyperspy.signals import Signal1D, Signal2D
from pyxem.signals import Diffraction1D, Diffraction2D

from hyperspy_4dphase import PatternDecomposition
from hyperspy_4dphase.signals.pattern_decomposition import LazyPatternDecomposition

from ..methods.conftest import SHAPES, calibrated, counts, planted

QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}
FORMS = {"2-D navigation": (Diffraction2D, (12, 10), (9, 11)), **SHAPES}


def scan(form="2-D navigation"):
    cls, navigation, signal = FORMS[form]
    return calibrated(counts(*planted(navigation, signal)), cls)


def masks(form="2-D navigation"):
    _, navigation, signal = FORMS[form]
    excluded, pixels = np.zeros(navigation, bool), np.zeros(signal, bool)
    excluded.flat[[3, 17]] = pixels.flat[[0, 5]] = True
    return {"navigation_mask": excluded, "signal_mask": pixels}


@pytest.fixture(scope="module", params=FORMS)
def made(request):
    s = scan(request.param)
    used = masks(request.param)
    return s, s.decomposition_rnmf(3, return_result=True, **used, **QUIET), used


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_it_is_what_hyperspy_has(made):
    s, result, used = made
    navigation, signal = used["navigation_mask"], used["signal_mask"]
    loadings, factors = s.learning_results.loadings, s.learning_results.factors
    assert result.data.shape == (*navigation.shape, 3)
    np.testing.assert_array_equal(result.data.reshape(-1, 3), loadings)
    patterns = result.patterns()
    assert type(patterns) is type(s)
    np.testing.assert_array_equal(patterns.data.reshape(3, -1), factors.T)
    assert np.isnan(patterns.data[:, signal]).all()
    for own, known in zip(
        patterns.axes_manager.signal_axes, s.axes_manager.signal_axes, strict=True
    ):
        assert own.get_axis_dictionary() == known.get_axis_dictionary()
    np.testing.assert_allclose(np.nansum(factors, axis=0), 1)
    np.testing.assert_array_equal(result.groups, s.learning_results.groups)
    assert result.provenance["method"] == "decomposition_rnmf"
    assert result.algorithm == "randomized NMF"
    assert result.metadata.General.title == "Decomposition of planted"


def test_maps_have_the_axes_of_the_scan(made):
    s, result, used = made
    maps = result.maps()
    np.testing.assert_array_equal(maps.data, np.moveaxis(result.data, -1, 0))
    own = [*maps.axes_manager.navigation_axes, *maps.axes_manager.signal_axes]
    assert [axis.name for axis in own].count("component") == 1
    found = sorted(axis.scale for axis in own if axis.name != "component")
    assert found == sorted(axis.scale for axis in s.axes_manager.navigation_axes)
    n_axes = len(used["navigation_mask"].shape)
    assert maps.axes_manager.signal_dimension == min(n_axes, 2)
    groups = result.group_maps()
    np.testing.assert_allclose(
        groups.data.sum(axis=0), result.data.sum(axis=-1), rtol=1e-12
    )
    assert len(groups.data) == result.groups.max() + 1


def test_model(made):
    s, result, used = made
    model = result.model()
    assert type(model) is type(s)
    assert str(model.axes_manager) == str(s.axes_manager)
    kept = ~used["navigation_mask"], ~used["signal_mask"]
    expected = result.data[kept[0]] @ result.patterns().data[:, kept[1]]
    np.testing.assert_allclose(model.data[kept[0]][:, kept[1]], expected)
    assert np.isnan(model.data[used["navigation_mask"]]).all()
    # Counting noise is all that it leaves.
    rest = s.data[kept[0]][:, kept[1]] - expected
    assert abs((rest**2).sum() / expected.sum() - 1) < 0.15


@pytest.mark.parametrize(("extension", "lazy"), [("hspy", True), ("zspy", False)])
def test_files(made, tmp_path, extension, lazy):
    s, result, _ = made
    result.save(tmp_path / f"result.{extension}")
    loaded = hs.load(tmp_path / f"result.{extension}", lazy=lazy)
    kind = LazyPatternDecomposition if lazy else PatternDecomposition
    assert type(loaded) is kind
    np.testing.assert_array_equal(np.asarray(loaded.data), result.data)
    assert str(loaded.axes_manager) == str(result.axes_manager)
    for name in ("groups", "explained_variance", "explained_variance_ratio"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(result, name))
    assert loaded.provenance["parameters"] == result.provenance["parameters"]
    for name in ("patterns", "maps", "group_maps", "model"):
        own, known = getattr(loaded, name)(), getattr(result, name)()
        np.testing.assert_allclose(np.asarray(own.data), known.data)
        assert str(own.axes_manager) == str(known.axes_manager)
    assert loaded.model()._lazy is lazy
    loaded.plot_components()
    empty = type(s)(s.data)
    empty.axes_manager = s.axes_manager.deepcopy()
    loaded.fill_learning_results(empty)
    one, other = (x.get_decomposition_model().data for x in (s, empty))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        empty.learning_results.signal_mask, s.learning_results.signal_mask
    )
    np.testing.assert_array_equal(
        empty.learning_results.navigation_mask, s.learning_results.navigation_mask
    )


def test_slices():
    result = scan().decomposition_rnmf(3, return_result=True, **QUIET)
    part = result.isig[1:]
    assert part.n_components == 2
    np.testing.assert_array_equal(part.patterns().data, result.patterns().data[1:])
    np.testing.assert_array_equal(part.groups, result.groups[1:])
    place = result.inav[2:5, 3:9]
    np.testing.assert_array_equal(place.maps().data, result.maps().data[:, 3:9, 2:5])
    np.testing.assert_allclose(place.model().data, result.model().data[3:9, 2:5])
    place.plot_components([2])
    scan_part = scan().inav[2:5, 3:9]
    place.fill_learning_results(scan_part)
    np.testing.assert_array_equal(
        scan_part.learning_results.loadings, place.data.reshape(-1, 3)
    )


def test_a_single_component(tmp_path):
    result = scan().decomposition_rnmf(1, return_result=True, **QUIET)
    result.save(tmp_path / "result.hspy")
    loaded = hs.load(tmp_path / "result.hspy")
    assert type(loaded) is PatternDecomposition
    assert loaded.data.shape == (12, 10, 1)
    assert loaded.patterns().data.shape == (1, 9, 11)
    assert loaded.maps().data.shape == (1, 12, 10)


def test_of_hyperspys_own_decomposition():
    s = scan()
    s.change_dtype(float)
    s.decomposition(algorithm="NMF", output_dimension=3, print_info=False)
    result = s.get_decomposition_result()
    assert result.groups is None
    assert result.algorithm == "NMF"
    np.testing.assert_allclose(
        result.model().data, s.get_decomposition_model().data, rtol=1e-6
    )
    with pytest.raises(ValueError, match="no groups"):
        result.group_maps()
    result.plot_components()


def test_the_result_is_the_one_that_was_returned():
    s = scan()
    result = s.decomposition_rnmf(3, return_result=True, **QUIET)
    again = s.get_decomposition_result()
    np.testing.assert_array_equal(again.data, result.data)
    np.testing.assert_array_equal(again.patterns().data, result.patterns().data)
    result, estimator = s.decomposition_rnmf(
        3, return_result=True, return_info=True, **QUIET
    )
    assert type(result) is PatternDecomposition
    np.testing.assert_array_equal(
        result.patterns().data.reshape(3, -1), estimator.components_
    )
    assert s.decomposition_rnmf(3, **QUIET) is None


def test_as_a_source():
    s = scan()
    result = s.decomposition_rnmf(3, return_result=True, **QUIET)
    domains = s.cluster_hierarchical(result, n_domains=3, **QUIET)
    assert domains.n_domains == 3
    assert "Decomposition of planted" in str(domains.provenance["parameters"])


def test_wrong_arguments():
    s = scan()
    result = s.decomposition_rnmf(3, return_result=True, **QUIET)
    with pytest.raises(TypeError, match="return_result"):
        s.decomposition_rnmf(3, return_result="yes", **QUIET)
    with pytest.raises(TypeError, match="signal must be a scan"):
        result.fill_learning_results(s.data)
    with pytest.raises(ValueError, match="this decomposition is of"):
        result.fill_learning_results(s.inav[1:])
    other = s.deepcopy()
    other.axes_manager[0].scale *= 2
    with pytest.raises(ValueError, match="signal is of another scan"):
        result.fill_learning_results(other)
    with pytest.raises(ValueError, match="components must be from 0 to 2"):
        result.plot_components([3])
    s.learning_results.factors = s.learning_results.factors[:5]
    with pytest.raises(ValueError, match="The decomposition is of 120 patterns of 5"):
        s.get_decomposition_result()


def test_curves():
    cls, navigation, signal = FORMS["1-D of both"]
    assert cls is Diffraction1D
    figure = (
        scan("1-D of both")
        .decomposition_rnmf(3, return_result=True, **QUIET)
        .plot_components(title="mine")
    )
    assert figure.get_suptitle() == "mine"
    assert [len(ax.lines) for ax in figure.axes if ax.lines] == [1, 1, 1]


@pytest.mark.parametrize("centre", ["signal", "navigation"])
def test_a_mean_that_was_subtracted_is_not_forgotten(centre, tmp_path):
    s = scan()
    s.change_dtype(float)
    s.decomposition(output_dimension=2, centre=centre, print_info=False)
    result = s.get_decomposition_result()
    assert result.maps().data.shape == (2, 12, 10)
    result.save(tmp_path / "centred.hspy")
    for found in (result, result.inav[:4], hs.load(tmp_path / "centred.hspy")):
        with pytest.raises(ValueError, match=f"centre='{centre}'"):
            found.model()
    with pytest.raises(ValueError, match="centre="):
        result.fill_learning_results(s)
    s.decomposition(output_dimension=2, print_info=False)
    model = s.get_decomposition_result().model()
    np.testing.assert_allclose(model.data, s.get_decomposition_model().data)


CHANGES = {
    "sum of two": lambda r: r + r,
    "product": lambda r: r * r,
    "with a number": lambda r: r + 1,
    "compared": lambda r: r > 1,
    "negative": lambda r: -r,
    "function of NumPy": np.sqrt,
    "mapped": lambda r: r.map(np.sqrt, inplace=False, show_progressbar=False),
    "derivative": lambda r: r.derivative(axis=-1),
    "differences": lambda r: r.diff(axis=-1),
}


@cache
def decomposed_once():
    return scan().decomposition_rnmf(3, return_result=True, **QUIET)


def decomposed():
    """Three components of the same scan, always."""
    return decomposed_once().deepcopy()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("lazy", [False, True])
def test_other_values_are_a_plain_signal(change, lazy):
    result = decomposed()
    plain = Signal1D(result.data)
    found = CHANGES[change](result.as_lazy() if lazy else result)
    expected = CHANGES[change](plain)
    np.testing.assert_array_equal(np.asarray(found.data), expected.data)
    assert isinstance(found, Signal1D)
    assert not isinstance(found, PatternDecomposition)
    assert not found.metadata.has_item("Pattern_decomposition")
    assert found.metadata.Signal.signal_type == ""


def test_changed_in_place_it_becomes_plain():
    for change in (
        lambda r: r.__imul__(2),
        lambda r: r.map(np.sqrt, show_progressbar=False),
    ):
        result = decomposed()
        change(result)
        assert type(result) is Signal1D
        assert not result.metadata.has_item("Pattern_decomposition")


def test_components_are_not_put_into_bins():
    result = decomposed()
    for options in ({"scale": (1, 1, 3)}, {"new_shape": (10, 12, 1)}):
        with pytest.raises(ValueError, match="keeps components apart"):
            result.rebin(**options)
    made = result.rebin(scale=(2, 2, 1))
    np.testing.assert_allclose(made.data.sum(), result.data.sum())
    np.testing.assert_array_equal(made.patterns().data, result.patterns().data)


def test_without_components_it_is_plain():
    result = decomposed()
    for found in (result.isig[2], result.sum(axis=-1), result.max(axis="component")):
        assert not isinstance(found, PatternDecomposition)
        assert found.data.shape == (12, 10)
    assert isinstance(result.inav[0, 0], PatternDecomposition)


WITHOUT_COMPONENTS = {
    "one component": lambda r: r.isig[1],
    "one component of a line": lambda r: r.inav[2].isig[1],
    "sum": lambda r: r.sum(axis="sig"),
    "other signal axis": lambda r: r.transpose(signal_axes=(0,)),
    "one of images, and back": lambda r: r.T.inav[1].as_signal1D(0),
    "image and back": lambda r: r.as_signal2D((0, 1)).as_signal1D(1),
    "component as signal again": lambda r: r.isig[1].as_signal1D(0),
    "rolled": lambda r: r.rollaxis(-1, 0),
    "squeezed": lambda r: r.isig[1:2].squeeze(),
    "split": lambda r: r.split(axis=-1, number_of_parts=3)[1],
    "transform": lambda r: r.fft(apodization=False),
}


@pytest.mark.parametrize("change", WITHOUT_COMPONENTS)
@pytest.mark.parametrize("lazy", [False, True])
def test_nothing_is_left_of_it_without_components(change, lazy, tmp_path):
    """Neither the type nor the patterns, by which a file would be one again."""
    result = decomposed()
    for axis in result.axes_manager._axes:
        axis.units = "nm"
    result = result.as_lazy() if lazy else result
    found = WITHOUT_COMPONENTS[change](result)
    assert not isinstance(found, PatternDecomposition)
    assert not found.metadata.has_item("Pattern_decomposition")
    assert found.metadata.Signal.signal_type == ""
    assert found._lazy == lazy
    assert isinstance(result, PatternDecomposition)
    np.testing.assert_array_equal(result.patterns().data, decomposed().patterns().data)
    found.save(tmp_path / "found.zspy")
    assert not isinstance(hs.load(tmp_path / "found.zspy"), PatternDecomposition)


def test_the_map_of_one_component():
    result = decomposed()
    found = result.isig[1]
    np.testing.assert_array_equal(found.data, result.maps().data[1])
    for axis, own in zip(
        found.axes_manager.navigation_axes,
        result.axes_manager.navigation_axes,
        strict=True,
    ):
        assert (axis.scale, axis.offset, axis.units) == (
            own.scale,
            own.offset,
            own.units,
        )


def test_transposed_and_back():
    result = decomposed()
    for turned in (result.T, result.as_signal2D((0, 1))):
        assert type(turned) is Signal2D
        back = turned.T
        assert isinstance(back, PatternDecomposition)
        np.testing.assert_array_equal(back.model().data, result.model().data)
    part = result.T.inav[1:].T
    np.testing.assert_array_equal(part.patterns().data, result.patterns().data[1:])


def test_an_axis_of_another_name():
    result = decomposed()
    result.axes_manager.signal_axes[0].name = "part"
    copy = result.deepcopy().as_lazy()
    assert isinstance(copy, PatternDecomposition)
    np.testing.assert_array_equal(copy.patterns().data, result.patterns().data)


def test_what_keeps_its_components_is_one():
    result = decomposed()
    patterns = result.patterns().data
    place = result.inav[3, 2]
    np.testing.assert_allclose(place.model().data, result.model().data[2, 3])
    np.testing.assert_array_equal(place.patterns().data, patterns)
    with pytest.raises(ValueError, match="a single position, which has no maps"):
        place.plot_components()
    one = place.isig[1]
    np.testing.assert_array_equal(one.patterns().data.squeeze(), patterns[1])
    line = result.inav[3]
    np.testing.assert_allclose(line.model().data, result.model().data[:, 3])
    for same in (
        result.swap_axes(0, 1),
        result.split(axis=0, number_of_parts=2)[1],
        result.squeeze(),
        result.as_lazy(),
        result.isig[::-1].isig[::-1],
    ):
        assert isinstance(same, PatternDecomposition)
        np.testing.assert_array_equal(same.patterns().data, patterns)


def test_what_the_axis_no_longer_tells_is_refused():
    result = decomposed()
    expected = result.patterns().data[1:]
    result.crop(-1, 1, 3)
    np.testing.assert_array_equal(result.patterns().data, expected)
    result.axes_manager.signal_axes[0].offset = 7
    with pytest.raises(ValueError, match="component axis"):
        result.patterns()


@pytest.mark.parametrize("change", [{"scale": 7.0}, {"offset": 5.0}, {"units": "mrad"}])
def test_results_are_not_put_into_a_scan_of_another_calibration(change):
    result, other = decomposed(), scan()
    result.fill_learning_results(other)
    for name, value in change.items():
        setattr(other.axes_manager.signal_axes[0], name, value)
    with pytest.raises(ValueError, match="signal is of another scan"):
        result.fill_learning_results(other)
