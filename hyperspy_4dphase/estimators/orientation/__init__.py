"""Orientations of known structures, from the spots of a pattern."""

from hyperspy_4dphase.estimators.orientation._geometry import PatternGeometry
from hyperspy_4dphase.estimators.orientation._library import (
    TemplateLibrary,
    build_library,
)
from hyperspy_4dphase.estimators.orientation._matching import (
    Matches,
    PlacedLibrary,
    match_library,
    place_library,
)
from hyperspy_4dphase.estimators.orientation._prepared import (
    PreparedPattern,
    prepare_pattern,
)
from hyperspy_4dphase.estimators.orientation._quaternions import misorientation
from hyperspy_4dphase.estimators.orientation._refinement import refine_matches
from hyperspy_4dphase.estimators.orientation._reflections import Reflections

__all__ = [
    "Matches",
    "PatternGeometry",
    "PlacedLibrary",
    "PreparedPattern",
    "Reflections",
    "TemplateLibrary",
    "build_library",
    "match_library",
    "misorientation",
    "place_library",
    "prepare_pattern",
    "refine_matches",
]
