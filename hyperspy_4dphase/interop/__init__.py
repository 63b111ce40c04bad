"""To other packages and back.

Nothing of them is imported before it is needed.
"""

from hyperspy_4dphase._lazy import find_lazily

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
__getattr__ = find_lazily(__name__, _PLACES)


def __dir__():
    return sorted(__all__)
