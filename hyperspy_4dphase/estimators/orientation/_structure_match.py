"""One structure compared with one pattern: its orientations, the likeliest first."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.orientation._evidence import (
    CHOICE,
    ORIENTATION,
    weigh_choice,
    weigh_none,
)
from hyperspy_4dphase.estimators.orientation._matching import (
    Matches,
    keep_distinct,
    match_library,
)
from hyperspy_4dphase.estimators.orientation._quaternions import (
    from_rotation_vectors,
    multiply,
)
from hyperspy_4dphase.estimators.orientation._refinement import SAME, refine_matches
from hyperspy_4dphase.estimators.orientation._report import (
    MatchReport,
    describe_match,
    find_spots,
)

# What cannot be told apart is listed until it is so probable together.
SET_PROBABILITY = 0.97


class StructureMatch(NamedTuple):
    """What one structure says of one pattern.

    Attributes
    ----------
    matches : Matches
        Orientations, first the one that explains most of the pattern: of orientations
        with much the same cosine that with more spots explained.
    report : MatchReport
        Of the best one.
    scores : numpy.ndarray, shape (n,)
        Logarithm of the likelihood of each orientation, but for a constant.
    choice, none : numpy.ndarray, shape (8,) and (6,)
        What is multiplied with the weights of structures and of none of them, of the
        orientation that speaks most for the structure.
    """

    matches: Matches
    report: MatchReport
    scores: np.ndarray
    choice: np.ndarray
    none: np.ndarray


def match_structures(prepared, placed, n_best=12):
    """Match, refine and describe several structures on one pattern.

    Parameters
    ----------
    prepared : PreparedPattern
        Of :func:`prepare_pattern`.
    placed : sequence of PlacedLibrary
        One for each structure.
    n_best : int, optional
        Orientations of each that are refined. Default is 12.

    Returns
    -------
    list of StructureMatch

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data, structures
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = structures.load_candidates(data.structure("Si"))
    >>> lattice = silicon.reflections(0.9), camera.wavelength, silicon.rotations
    >>> library = orientation.build_library(*lattice, max_g=0.9, resolution=4)
    >>> optics = camera.center, camera.scale, camera.disc_radius
    >>> geometry = orientation.PatternGeometry(*optics, outer_radius=0.9)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> prepared = orientation.prepare_pattern(counts, geometry)
    >>> placed = orientation.place_library(library, prepared)
    >>> (match,) = orientation.match_structures(prepared, [placed])
    >>> round(float(match.matches.cosine[0]), 2)
    0.92
    """
    spots = find_spots(prepared)
    return [_match_structure(prepared, one, n_best, spots) for one in placed]


def _match_structure(prepared, placed, n_best, spots):
    """Match one structure; put the orientation first that explains most."""
    library = placed.library
    matches = match_library(prepared, placed, n_best)
    matches = refine_matches(prepared, library, matches)
    each = _describe_each(prepared, library, matches, spots)
    best = each[int(np.argmax([one.scores[0] for one in each]))]
    if np.isfinite(best.report.zone).all():
        turned = _turn_about_zone(prepared, library, best)
        found = np.concatenate([matches.quaternions, turned.quaternions])
        if len(keep_distinct(found, library.symmetry, SAME, len(found))) == len(found):
            each += _describe_each(prepared, library, turned, spots)
    each.sort(key=lambda one: -one.scores[0])
    columns = zip(*(one.matches for one in each), strict=True)
    likeliest = max(each, key=lambda one: one.choice @ CHOICE)
    return StructureMatch(
        Matches(*(np.concatenate(column) for column in columns)),
        each[0].report,
        np.array([one.scores[0] for one in each]),
        likeliest.choice,
        likeliest.none,
    )


def _describe_each(prepared, library, matches, spots):
    """A StructureMatch of each orientation by itself."""
    each = []
    for i, (q, cosine, width) in enumerate(zip(*matches, strict=True)):
        report = describe_match(prepared, library, q, width, spots)
        choice = weigh_choice(cosine, width, report)
        score = np.array([choice @ ORIENTATION])
        alone = Matches(*(values[i : i + 1] for values in matches))
        none = weigh_none(cosine, report)
        each.append(StructureMatch(alone, report, score, choice, none))
    return each


def _turn_about_zone(prepared, library, match):
    """Half a turn about the axis of a zone, after which it looks the same."""
    turn = from_rotation_vectors(np.pi * np.array([match.report.zone]))
    turned = multiply(turn, match.matches.quaternions)
    nothing = Matches(turned, np.zeros(1), match.matches.excitation_width)
    return refine_matches(prepared, library, nothing)


def list_alternatives(match, probability=SET_PROBABILITY):
    """List the orientations of a structure that a pattern cannot tell apart.

    Parameters
    ----------
    match : StructureMatch
        Of :func:`match_structures`.
    probability : float, optional
        The fewest orientations that together are so probable, if it is one of those
        that were refined. Default is 0.97.

    Returns
    -------
    index : numpy.ndarray of int
        Of the orientations, the most probable first.
    share : numpy.ndarray
        Their probabilities.

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data, structures
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = structures.load_candidates(data.structure("Si"))
    >>> lattice = silicon.reflections(0.9), camera.wavelength, silicon.rotations
    >>> library = orientation.build_library(*lattice, max_g=0.9, resolution=4)
    >>> optics = camera.center, camera.scale, camera.disc_radius
    >>> geometry = orientation.PatternGeometry(*optics, outer_radius=0.9)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> prepared = orientation.prepare_pattern(counts, geometry)
    >>> placed = orientation.place_library(library, prepared)
    >>> (match,) = orientation.match_structures(prepared, [placed])
    >>> index, share = orientation.list_alternatives(match)
    >>> int(index[0]), bool(share.sum() > 0.97)
    (0, True)
    """
    share = np.exp(match.scores - match.scores.max())
    share /= share.sum()
    inside = np.flatnonzero(smallest_set(share, probability))
    order = inside[np.argsort(-share[inside], kind="stable")]
    return order, share[order]


def smallest_set(probability, total=SET_PROBABILITY):
    """Find the fewest of several that are so probable together.

    Parameters
    ----------
    probability : numpy.ndarray, shape (n,)
        Of sum 1.
    total : float, optional

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    order = np.argsort(-probability, kind="stable")
    before = np.cumsum(probability[order]) - probability[order]
    in_set = np.zeros(len(probability), bool)
    in_set[order[before < total]] = True
    return in_set
