"""What a user writes is drawn as it was typed, dollars and all."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from hyperspy_4dphase import plot
from hyperspy_4dphase.plot.phases import PatternPanel

# A formula that matplotlib refuses.
BAD = r"a $\frac$ b"
LABELS = np.arange(48).reshape(6, 8) % 3
SURE = np.linspace(0, 1, 48).reshape(6, 8)
rng = np.random.default_rng(0)
PATTERNS = rng.random((3, 5, 4))
TREE = [-1, 0, 0, 0], [48, 16, 16, 16], [-1, 0, 1, 2]

GIVEN = {
    "plot_components": (PATTERNS, rng.random((3, 6, 8))),
    "plot_confidence": (SURE,),
    "plot_continuum": (SURE, LABELS, rng.random((3, 2, 5, 4))),
    "plot_domains": (LABELS,),
    "plot_doubts": ({BAD: SURE},),
    "plot_latent": (rng.random((6, 8, 2)), LABELS),
    "plot_linked": (LABELS, PATTERNS, lambda row, column: PATTERNS[0]),
    "plot_manifold": (rng.random((2, 2, 5, 4)), np.arange(2.0), np.arange(2.0)),
    "plot_patterns": (PATTERNS,),
    "plot_phase_summary": (LABELS,),
    "plot_phases": (LABELS, [BAD] * 3, plot._palette.domain_colors(3)),
    "plot_posterior": (
        LABELS,
        SURE,
        rng.dirichlet(np.ones(3), (6, 8)),
        lambda row, column: PATTERNS[0],
    ),
    "plot_refused": (1 + (SURE > 0.5), LABELS),
    "plot_scree": ([9.0, 3.0, 2.0], 4.0),
    "plot_split": (PATTERNS[0], PATTERNS[1:]),
    "plot_steps": (1 + SURE,),
    "plot_sure_domains": (LABELS, SURE),
    "plot_tree": TREE,
}
TEXTS = {
    "legend": True,
    "mean_pattern": lambda chosen: PATTERNS[0],
    "title": BAD,
    "names": [BAD] * 3,
    "titles": [BAD] * 3,
    "child_names": [BAD] * 2,
    "notes": [BAD],
    "panels": [PatternPanel(PATTERNS[0], BAD, "red", None)],
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", GIVEN)
def test_dollars_are_drawn(name):
    draw = getattr(plot, name)
    arguments = inspect.signature(draw).parameters
    positional = list(arguments)[: len(GIVEN[name])]
    texts = {k: v for k, v in TEXTS.items() if k in arguments and k not in positional}
    if "options" in arguments:
        texts |= {"title": BAD, "names": TEXTS["names"]}
    made = draw(*GIVEN[name], **texts)
    if hasattr(made, "outline"):
        made.outline(0)
    made = getattr(made, "figure", made)
    made.canvas.draw()
    written = [text.get_text() for text in made.findobj(Text)]
    assert any("$" in text for text in written)


def test_every_plot_with_texts_is_looked_at():
    taking = {
        name
        for name in plot.__all__
        if name.startswith("plot_")
        and TEXTS.keys() & inspect.signature(getattr(plot, name)).parameters.keys()
    }
    assert taking <= GIVEN.keys()
