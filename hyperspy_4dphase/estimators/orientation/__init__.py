"""Orientations of crystals, found in their diffraction patterns."""

from hyperspy_4dphase.estimators.orientation._reflections import Reflections

__all__ = ["Reflections"]
