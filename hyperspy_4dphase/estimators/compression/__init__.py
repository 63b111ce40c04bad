"""A scan reduced to what rises above its counting noise, in few reads."""

from hyperspy_4dphase.estimators.compression._compress import (
    MAX_RANK,
    compress_patterns,
)
from hyperspy_4dphase.estimators.compression._compressed import CompressedPatterns
from hyperspy_4dphase.estimators.compression._expected_means import (
    expected_means,
    in_groups,
)
from hyperspy_4dphase.estimators.compression._means import label_means

__all__ = [
    "MAX_RANK",
    "CompressedPatterns",
    "compress_patterns",
    "expected_means",
    "in_groups",
    "label_means",
]
