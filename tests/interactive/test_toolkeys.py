"""What HyperSpy knows of the widgets."""

import subprocess
import sys

import pytest
from hyperspy.extensions import ALL_EXTENSIONS

import hyperspy_4dphase.interactive as interactive

TOOLKEYS = [f"hyperspy_4dphase.{name}" for name in interactive.__all__]


def test_the_manifest_lists_them():
    assert set(TOOLKEYS) <= set(ALL_EXTENSIONS["GUI"]["toolkeys"])


def test_the_manifest_claims_no_interface():
    """HyperSpy would believe that one is installed, where there is none."""
    script = (
        "import sys\n"
        "sys.modules['hyperspy_gui_ipywidgets'] = None\n"
        "import importlib.metadata as m\n"
        "found = m.entry_points\n"
        "m.entry_points = lambda **k: [e for e in found(**k) if 'gui' not in e.name]\n"
        "from hyperspy.ui_registry import TOOLKIT_REGISTRY\n"
        "import hyperspy_4dphase.interactive\n"
        "print(sorted(TOOLKIT_REGISTRY))\n"
        "print('ipywidgets' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:2] == ["[]", "False"]


def test_widgets_are_registered_where_there_is_an_interface():
    pytest.importorskip("hyperspy_gui_ipywidgets", reason="it has the widgets")
    from hyperspy.ui_registry import UI_REGISTRY

    for toolkey in TOOLKEYS:
        assert UI_REGISTRY[toolkey]["ipywidgets"]["module"].startswith(
            "hyperspy_4dphase."
        )
