"""To other packages and back.

Nothing of them is imported before it is needed.
"""

import importlib

# Where each public name is; None for a module.
_PLACES = {
    "bragg_features": "bragg",
    "clean_crystal_map": "_cleaning",
    "from_py4dstem": "py4dstem",
    "from_quantem": "quantem",
    "orix": None,
    "py4dstem": None,
    "quantem": None,
    "to_arrays": "quantem",
    "to_crystal_map": "_crystal_maps",
    "to_py4dstem": "py4dstem",
    "to_quantem": "quantem",
}
__all__ = [
    "bragg_features",
    "clean_crystal_map",
    "from_py4dstem",
    "from_quantem",
    "to_arrays",
    "to_crystal_map",
    "to_py4dstem",
    "to_quantem",
]


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = _PLACES[name]
    if place is None:
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module(f"{__name__}.{place}"), name)


def __dir__():
    return sorted(__all__)
