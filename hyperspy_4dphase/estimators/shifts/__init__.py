"""Patterns that shift as the probe moves: descan and jitter."""

from hyperspy_4dphase.estimators.shifts._beam import pattern_shifts

__all__ = ["pattern_shifts"]
