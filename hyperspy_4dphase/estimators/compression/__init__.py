"""A scan reduced to what rises above its counting noise, in few reads."""

from hyperspy_4dphase.estimators.compression._compress import (
    compress_patterns,
    compress_without_squares,
)
from hyperspy_4dphase.estimators.compression._compressed import CompressedPatterns
from hyperspy_4dphase.estimators.compression._forecast import forecast, make_probe
from hyperspy_4dphase.estimators.compression._means import label_means
from hyperspy_4dphase.estimators.compression._passes import project_patterns
from hyperspy_4dphase.estimators.compression._pattern_sums import (
    expected_sums,
    find_others,
)
from hyperspy_4dphase.estimators.compression._power_iteration import MAX_RANK
from hyperspy_4dphase.estimators.compression._scaling import (
    Scaling,
    largest_noise_value,
)

__all__ = ["CompressedPatterns", "compress_patterns"]
