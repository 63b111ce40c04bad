"""In-plane rotations of one structure, found in patterns of polar coordinates."""

from hyperspy_4dphase.estimators.rotation._groups import RotationGroups, group_rotations
from hyperspy_4dphase.estimators.rotation._polar_images import (
    check_centers,
    check_patterns,
)

__all__ = ["RotationGroups", "group_rotations"]
