"""The linked view in a notebook: clicks that a browser sends, as ipympl passes them."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

# Importing it would switch the backend of all tests.
if importlib.util.find_spec("ipympl") is None:
    pytest.skip("ipympl is not installed", allow_module_level=True)

# In a process of its own, since the backend holds for all of it.
NOTEBOOK = """
import json
import numpy as np
from hyperspy_4dphase.plot import plot_linked

labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
means = np.random.default_rng(0).random((3, 12, 14))
pattern = np.ones((12, 14))
view = plot_linked(labels, means, lambda row, column: (10 * row + column) * pattern)
canvas = view.figure.canvas
canvas.draw()
canvas._handle_message(canvas, {"type": "initialized"}, [])


def click(axes, x, y):
    x, y = axes.transData.transform((x, y))
    message = {"button": 0, "buttons": 1, "modifiers": [], "guiEvent": {}}
    # A browser counts from the upper edge.
    message |= {"x": x, "y": canvas.figure.bbox.height - y}
    for kind in ("button_press", "button_release"):
        canvas._handle_message(canvas, {"type": kind} | message, [])


found = [type(canvas).__module__, view.position]
click(view.axes["map"], 3, 6)
shown = view.axes["pattern"].images[-1].get_array()
found += [view.position, np.unique(shown).tolist()]
click(view.axes[1], 3, 5)
found += [view.outlined, view.axes["map"].get_title()]
click(view.axes[1], 3, 5)
print(json.dumps([*found, view.outlined]))
"""


def test_a_click_in_the_browser_moves_the_view():
    environment = os.environ | {"MPLBACKEND": "module://ipympl.backend_nbagg"}
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    backend, before, after, pattern, outlined, title, last = json.loads(done.stdout)
    assert backend == "ipympl.backend_nbagg"
    assert before == [0, 0]
    assert after == [6, 3]
    assert pattern == [63]
    assert outlined == 1
    assert title == "outlined: domain 1"
    assert last is None
