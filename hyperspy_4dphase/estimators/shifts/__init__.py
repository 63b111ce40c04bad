"""Patterns that shift as the probe moves: descan and jitter."""

from hyperspy_4dphase.estimators.shifts._pattern_shifts import measure_shifts

__all__ = []
