from . import data as data
from . import estimators as estimators
from .methods.compress import Compression as Compression
from .methods.compress import compress as compress

__version__: str
