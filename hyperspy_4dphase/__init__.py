"""Phase mapping of 4D-STEM scans in HyperSpy.

Importing this package, or only ``hyperspy.api`` where it is installed, gives pyxem's
diffraction signals the methods listed in ``hyperspy_extension.yaml``.
"""

# This runs inside every `import hyperspy.api`: nothing scientific is imported here.
from hyperspy_4dphase import _register
from hyperspy_4dphase._lazy import find_lazily

__version__ = "0.2.0"

# Where each public name is; None for a subpackage. The stub __init__.pyi says the same.
_PLACES = {
    "Compression": "methods.compress",
    "DomainClass": "signals.domain_classes",
    "DomainClasses": "signals.domain_classes",
    "DomainConfidence": "signals.domain_confidence",
    "DomainMap": "signals.domain_map",
    "LatentEmbedding": "signals.latent_embedding",
    "PatternDecomposition": "signals.pattern_decomposition",
    "PhaseMap": "signals.phase_map",
    "PhaseMapping": "signals.phase_mapping",
    "ScanPlan": "methods.plan",
    "compress": "methods.compress",
    "count_electrons": "methods.count_electrons",
    "plan": "methods.plan",
    "calibration": None,
    "data": None,
    "estimators": None,
    "interactive": None,
    "interop": None,
    "plot": None,
    "structures": None,
}
__all__ = list(_PLACES)
__getattr__ = find_lazily(__name__, _PLACES)


def __dir__():
    return sorted([*__all__, "__version__"])


_register.install(_register.read_methods())
