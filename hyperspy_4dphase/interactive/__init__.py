"""Choices with a widget, where HyperSpy has a graphical interface.

Without one, all but ``gui()`` is the same.
"""

from hyperspy.ui_registry import TOOLKIT_REGISTRY, UI_REGISTRY

from hyperspy_4dphase.interactive.components import NumberOfComponents
from hyperspy_4dphase.interactive.levels import LevelOfDomains

__all__ = ["LevelOfDomains", "NumberOfComponents"]

# The manifest lists the toolkeys only: a widget in it would make HyperSpy believe that
# a graphical interface is installed where there is none.
if "ipywidgets" in TOOLKIT_REGISTRY:
    for _name in __all__:
        UI_REGISTRY.setdefault(f"hyperspy_4dphase.{_name}", {})["ipywidgets"] = {
            "module": "hyperspy_4dphase.interactive._ipywidgets",
            "function": f"show_{_name}",
        }
