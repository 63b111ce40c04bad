"""Phase mapping of 4D-STEM scans in HyperSpy.

Importing this package, or only ``hyperspy.api`` where it is installed, gives pyxem's
diffraction signals the methods listed in ``hyperspy_extension.yaml``.
"""

# This runs inside every `import hyperspy.api`: nothing scientific is imported here. Not
# by lazy_loader either, which imports all at once where EAGER_IMPORT is set, and with
# it HyperSpy, of which only a part is there yet.
import importlib

from hyperspy_4dphase import _register

__version__ = "0.2.0"

# Where each public name is; None for a subpackage. The stub __init__.pyi says the same.
_PLACES = {
    "Compression": "methods.compress",
    "DomainClass": "signals.domain_classes",
    "DomainClasses": "signals.domain_classes",
    "DomainConfidence": "signals.domain_confidence",
    "DomainMap": "signals.domain_map",
    "LatentEmbedding": "signals.latent_embedding",
    "PhaseMap": "signals.phase_map",
    "PhaseMapping": "signals.phase_mapping",
    "compress": "methods.compress",
    "count_electrons": "methods.count_electrons",
    "calibration": None,
    "data": None,
    "estimators": None,
    "interop": None,
    "plot": None,
    "structures": None,
}
__all__ = list(_PLACES)


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = _PLACES[name]
    if place is None:
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module(f"{__name__}.{place}"), name)


def __dir__():
    return sorted([*__all__, "__version__"])


_register.install(_register.read_methods())
