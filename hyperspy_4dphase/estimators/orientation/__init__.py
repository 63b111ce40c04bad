"""Orientations of known structures, from the spots of a pattern."""

from hyperspy_4dphase.estimators.orientation._geometry import PatternGeometry
from hyperspy_4dphase.estimators.orientation._grains import (
    find_small_grains,
    label_grains,
)
from hyperspy_4dphase.estimators.orientation._identification import (
    Identification,
    identify,
)
from hyperspy_4dphase.estimators.orientation._library import TemplateLibrary
from hyperspy_4dphase.estimators.orientation._library_building import (
    build_library,
    library_key,
)
from hyperspy_4dphase.estimators.orientation._local import (
    RefinedOrientations,
    refine_orientations,
)
from hyperspy_4dphase.estimators.orientation._local_library import (
    LocalLibrary,
    build_local_library,
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
from hyperspy_4dphase.estimators.orientation._report import (
    MatchReport,
    Spots,
    describe_match,
    find_spots,
)
from hyperspy_4dphase.estimators.orientation._spot_radius import measure_spot_radius
from hyperspy_4dphase.estimators.orientation._structure_match import (
    SET_PROBABILITY,
    StructureMatch,
    list_alternatives,
    match_structures,
)
from hyperspy_4dphase.estimators.orientation._template_spots import template_spots

__all__ = [
    "Identification",
    "LocalLibrary",
    "MatchReport",
    "Matches",
    "PatternGeometry",
    "PlacedLibrary",
    "PreparedPattern",
    "RefinedOrientations",
    "Reflections",
    "Spots",
    "StructureMatch",
    "TemplateLibrary",
    "build_library",
    "build_local_library",
    "describe_match",
    "find_small_grains",
    "find_spots",
    "identify",
    "label_grains",
    "library_key",
    "list_alternatives",
    "match_library",
    "match_structures",
    "measure_spot_radius",
    "misorientation",
    "place_library",
    "prepare_pattern",
    "refine_matches",
    "refine_orientations",
    "template_spots",
]
