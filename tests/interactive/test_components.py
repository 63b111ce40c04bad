"""The number of components: the same with and without the widget."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase import PatternDecomposition, compress
from hyperspy_4dphase.interactive import NumberOfComponents

from ..methods.conftest import calibrated, counts, planted, unchanged

QUIET = {"random_state": 0, "show_progressbar": False}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def scan():
    return calibrated(counts(*planted()))


@pytest.fixture
def choice(scan):
    return NumberOfComponents(scan, **QUIET)


def line(figure):
    """Where the line of the choice stands."""
    (ax,) = figure.axes
    return [x.get_xdata()[0] for x in ax.lines if "component" in str(x.get_label())]


def test_without_a_widget(scan, choice):
    before = scan.deepcopy()
    assert choice.number == 3
    figure = choice.plot()
    assert line(figure) == [3.5]
    choice.number = 2
    assert line(figure) == [2.5]
    assert choice.result is None
    found = choice.apply()
    assert type(found) is PatternDecomposition
    assert found is choice.result
    assert found.n_components == 2
    assert scan.learning_results.output_dimension == 2
    assert choice.message == "2 components in 2 groups."
    assert unchanged(scan, before)


def test_it_is_what_the_method_finds(scan):
    compression = compress(scan, print_info=False, **QUIET)
    choice = NumberOfComponents(scan, compression, 3, **QUIET)
    expected = scan.decomposition_rnmf(
        3, compression=compression, return_result=True, print_info=False, **QUIET
    )
    np.testing.assert_array_equal(choice.apply().data, expected.data)
    assert choice.largest == compression.rank


@pytest.mark.parametrize("wrong", [0, -1, 10**6])
def test_wrong_numbers_change_nothing(scan, choice, wrong):
    with pytest.raises(ValueError, match="must be from 1 to"):
        choice.number = wrong
    assert choice.number == 3
    with pytest.raises(ValueError, match="number"):
        NumberOfComponents(scan, number=wrong, **QUIET)


def test_wrong_arguments(scan):
    with pytest.raises(TypeError, match="signal must be a scan"):
        NumberOfComponents(scan.data)
    with pytest.raises(TypeError, match="compression must be"):
        NumberOfComponents(scan, compression=3)


def test_widget(scan, choice):
    pytest.importorskip("hyperspy_gui_ipywidgets", reason="it has the widgets")
    figure = choice.plot()
    widgets = choice.gui(display=False, toolkit="ipywidgets")["ipywidgets"]["wdict"]
    number, button = widgets["number"], widgets["apply_button"]
    assert (number.min, number.max, number.value) == (1, choice.largest, 3)
    number.value = 2
    assert choice.number == 2
    assert line(figure) == [2.5]
    choice.number = 4
    assert number.value == 4
    button.click()
    assert choice.result.n_components == 4
    assert widgets["message"].value == choice.message != ""
    assert not button.disabled


def test_no_interface(choice, monkeypatch):
    from hyperspy import ui_registry

    monkeypatch.setattr(ui_registry, "TOOLKIT_REGISTRY", set())
    with pytest.raises(ImportError, match="hyperspy_gui_ipywidgets"):
        choice.gui()
    assert choice.apply().n_components == 3
