import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg


@pytest.fixture(autouse=True)
def draw_later(monkeypatch):
    """As in a window, where the next drawing waits until nothing else is to be done."""
    monkeypatch.setattr(FigureCanvasAgg, "draw_idle", lambda canvas: None)


@pytest.fixture(autouse=True)
def clean_slate():
    """Every figure is closed, and no plot has changed what others look like."""
    before = dict(matplotlib.rcParams)
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == before
