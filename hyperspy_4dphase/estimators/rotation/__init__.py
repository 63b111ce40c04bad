"""In-plane rotations of one structure, found in patterns of polar coordinates."""

from hyperspy_4dphase.estimators.rotation._groups import RotationGroups, group_rotations

__all__ = ["RotationGroups", "group_rotations"]
