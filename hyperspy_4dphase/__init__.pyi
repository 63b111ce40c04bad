from . import calibration as calibration
from . import data as data
from . import estimators as estimators
from . import interactive as interactive
from . import interop as interop
from . import plot as plot
from . import structures as structures
from .methods.compress import Compression as Compression
from .methods.compress import compress as compress
from .methods.count_electrons import count_electrons as count_electrons
from .methods.plan import ScanPlan as ScanPlan
from .methods.plan import plan as plan
from .signals.domain_classes import DomainClass as DomainClass
from .signals.domain_classes import DomainClasses as DomainClasses
from .signals.domain_confidence import DomainConfidence as DomainConfidence
from .signals.domain_map import DomainMap as DomainMap
from .signals.latent_embedding import LatentEmbedding as LatentEmbedding
from .signals.pattern_decomposition import PatternDecomposition as PatternDecomposition
from .signals.phase_map import PhaseMap as PhaseMap
from .signals.phase_mapping import PhaseMapping as PhaseMapping

__version__: str
