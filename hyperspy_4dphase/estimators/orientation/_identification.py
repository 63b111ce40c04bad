"""Which of several structures patterns are of, which cannot be told apart, or none.

All weights here are fitted to simulated patterns of 17 structures in random
orientations: 1,000 to 100,000 counts, 10 to 50 % of background, slabs of 5 to 18 nm and
intensities that differ from kinematical ones by factors with a standard deviation of
their logarithm of 0 to 0.9. ``python -m tests.benchmarks.orientation --calibrate`` fits
them again, and without the option judges them on patterns of 11 other structures.
"""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.orientation._matching import Matches, match_library
from hyperspy_4dphase.estimators.orientation._refinement import refine_matches
from hyperspy_4dphase.estimators.orientation._report import (
    MatchReport,
    describe_match,
    find_spots,
)

# Structures of this probability together hold the right one nearly always.
SET_PROBABILITY = 0.97
# Of the logarithm of a structure's likelihood: what the cosine adds (times the root of
# the number of spots), each spot that is not explained, and the distance of spots from
# their reflections in radii of a spot. Positions count most: intensities of reflections
# that should be there and are not added nothing to them.
_CHOICE = np.array([2.806, -0.956, -7.733])
# Of the log odds that none of the structures is right, from what the best one leaves:
# what the cosine adds, amplitude and number of spots not explained, distance, logarithm
# of the number of spots; and their constant. Both are taken to be as likely beforehand.
_NONE = np.array([-1.794, 2.257, 0.860, 8.568, -1.304])
_NONE_CONSTANT = 2.648
# More spots than that are no more independent evidence; largest numbers that were seen.
_MOST_SPOTS, _MOST_UNEXPLAINED, _MOST_SPOTS_NONE = 15, 8, 30
# Below 1 by what noise leaves even of the right template.
_LARGEST_COSINE = 0.999


class StructureMatch(NamedTuple):
    """What one structure says of one pattern.

    Attributes
    ----------
    matches : Matches
        Orientations, first the one that explains most of the pattern: of orientations
        with much the same cosine that with more spots explained.
    report : MatchReport
        Of the best one.
    """

    matches: Matches
    report: MatchReport


class Identification(NamedTuple):
    """Which of several structures one or more patterns of a phase are of.

    Attributes
    ----------
    probability : numpy.ndarray, shape (n_structures,)
        Of each structure. With that of none they sum to 1.
    none_probability : float
        That it is none of them. NaN where no pattern has a spot.
    in_set : numpy.ndarray of bool, shape (n_structures,)
        The structures that cannot be told apart: the fewest that, if it is one of them
        all, hold it with a probability of 0.97.
    margin : float
        By how much the mean cosine of the most probable structure exceeds the largest
        one of the others, relatively. NaN for a single structure, or without spots.
    n_spots : int
        Of all patterns together.
    """

    probability: np.ndarray
    none_probability: float
    in_set: np.ndarray
    margin: float
    n_spots: int

    @property
    def best(self):
        """Index of the most probable structure; None if none of them is likelier."""
        likely = not self.none_probability > 0.5
        return int(self.probability.argmax()) if likely and self.n_spots else None


def match_structures(prepared, placed, n_best=12):
    """Match, refine and describe several structures on one pattern.

    Parameters
    ----------
    prepared : PreparedPattern
    placed : sequence of PlacedLibrary
        One for each structure.
    n_best : int, optional
        Orientations of each that are refined. Default is 12.

    Returns
    -------
    list of StructureMatch

    Examples
    --------
    >>> from hyperspy_4dphase.data import Camera, structure
    >>> from hyperspy_4dphase.structures import load_candidates
    >>> camera = Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = load_candidates(structure("Si"))
    >>> from hyperspy_4dphase.estimators.orientation import build_library
    >>> library = build_library(
    ...     silicon.reflections(0.9),
    ...     camera.wavelength,
    ...     silicon.rotations,
    ...     max_g=0.9,
    ...     resolution=4,
    ... )
    >>> from hyperspy_4dphase.estimators.orientation import PatternGeometry
    >>> geometry = PatternGeometry(
    ...     camera.center, camera.scale, camera.disc_radius, outer_radius=0.9
    ... )
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase.data import crystal_pattern
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * crystal_pattern("Si", turned, camera)
    >>> from hyperspy_4dphase.estimators.orientation import prepare_pattern
    >>> prepared = prepare_pattern(counts, geometry)
    >>> from hyperspy_4dphase.estimators.orientation import place_library
    >>> placed = place_library(library, prepared)
    >>> from hyperspy_4dphase.estimators.orientation import match_structures
    >>> (match,) = match_structures(prepared, [placed])
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
    each = [
        StructureMatch(
            Matches(*(values[i : i + 1] for values in matches)),
            describe_match(prepared, library, q, width, spots),
        )
        for i, (q, _, width) in enumerate(zip(*matches, strict=True))
    ]
    order = np.argsort(-_score(each), kind="stable")
    ordered = Matches(*(values[order] for values in matches))
    return StructureMatch(ordered, each[order[0]].report)


def identify(patterns):
    """Identify the structure of one or more patterns of one phase.

    Parameters
    ----------
    patterns : sequence of sequence of StructureMatch
        For each pattern what each structure says of it, see `match_structures`, in the
        same order. Patterns of one phase in several orientations tell more together.

    Returns
    -------
    Identification

    Raises
    ------
    ValueError
        If there is no pattern or no structure, or their numbers differ.

    Examples
    --------
    >>> from hyperspy_4dphase.data import Camera, structure
    >>> from hyperspy_4dphase.structures import load_candidates
    >>> camera = Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = load_candidates(structure("Si"))
    >>> from hyperspy_4dphase.estimators.orientation import build_library
    >>> library = build_library(
    ...     silicon.reflections(0.9),
    ...     camera.wavelength,
    ...     silicon.rotations,
    ...     max_g=0.9,
    ...     resolution=4,
    ... )
    >>> from hyperspy_4dphase.estimators.orientation import PatternGeometry
    >>> geometry = PatternGeometry(
    ...     camera.center, camera.scale, camera.disc_radius, outer_radius=0.9
    ... )
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase.data import crystal_pattern
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * crystal_pattern("Si", turned, camera)
    >>> from hyperspy_4dphase.estimators.orientation import prepare_pattern
    >>> prepared = prepare_pattern(counts, geometry)
    >>> from hyperspy_4dphase.estimators.orientation import place_library
    >>> placed = place_library(library, prepared)
    >>> from hyperspy_4dphase.estimators.orientation import identify, match_structures
    >>> found = identify([match_structures(prepared, [placed])])
    >>> found.best, bool(found.none_probability < 0.5)
    (0, True)
    """
    patterns = [list(pattern) for pattern in patterns]
    numbers = {len(pattern) for pattern in patterns}
    if len(numbers) != 1 or 0 in numbers:
        raise ValueError(
            "patterns must hold the same number of structures for each pattern, at "
            f"least one, not {sorted(numbers)}."
        )
    n = numbers.pop()
    n_spots = [pattern[0].report.n_spots for pattern in patterns]
    shown = [pattern for pattern, k in zip(patterns, n_spots, strict=True) if k]
    if not shown:
        nothing = np.full(n, 1 / n)
        return Identification(nothing, np.nan, np.ones(n, bool), np.nan, 0)
    score = np.sum([_score(pattern) for pattern in shown], axis=0)
    chosen = np.exp(score - score.max())
    chosen /= chosen.sum()
    best = int(chosen.argmax())
    log_odds = np.sum([_none_log_odds(pattern[best]) for pattern in shown])
    none = float(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))
    return Identification(
        (1 - none) * chosen,
        none,
        _smallest_set(chosen),
        _margin(shown, best),
        int(np.sum(n_spots)),
    )


def _smallest_set(probability):
    order = np.argsort(-probability)
    before = np.cumsum(probability[order]) - probability[order]
    in_set = np.zeros(len(probability), bool)
    in_set[order[before < SET_PROBABILITY]] = True
    return in_set


def _margin(patterns, best):
    cosine = np.mean([[m.matches.cosine[0] for m in p] for p in patterns], axis=0)
    others = np.delete(cosine, best)
    if not len(others) or not cosine[best] > 0:
        return np.nan
    return float((cosine[best] - others.max()) / cosine[best])


def describe_evidence(match):
    """Return the numbers that identification rests on.

    Parameters
    ----------
    match : StructureMatch

    Returns
    -------
    choice, none : numpy.ndarray, shape (3,) and (5,)
        What the weights of structures, and of none of them, are multiplied with.

    Examples
    --------
    >>> from hyperspy_4dphase.data import Camera, structure
    >>> from hyperspy_4dphase.structures import load_candidates
    >>> camera = Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = load_candidates(structure("Si"))
    >>> from hyperspy_4dphase.estimators.orientation import build_library
    >>> library = build_library(
    ...     silicon.reflections(0.9),
    ...     camera.wavelength,
    ...     silicon.rotations,
    ...     max_g=0.9,
    ...     resolution=4,
    ... )
    >>> from hyperspy_4dphase.estimators.orientation import PatternGeometry
    >>> geometry = PatternGeometry(
    ...     camera.center, camera.scale, camera.disc_radius, outer_radius=0.9
    ... )
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase.data import crystal_pattern
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * crystal_pattern("Si", turned, camera)
    >>> from hyperspy_4dphase.estimators.orientation import prepare_pattern
    >>> prepared = prepare_pattern(counts, geometry)
    >>> from hyperspy_4dphase.estimators.orientation import place_library
    >>> placed = place_library(library, prepared)
    >>> from hyperspy_4dphase.estimators.orientation import (
    ...     describe_evidence,
    ...     match_structures,
    ... )
    >>> (match,) = match_structures(prepared, [placed])
    >>> choice, none = describe_evidence(match)
    >>> choice.shape, none.shape
    ((3,), (5,))
    """
    report = match.report
    cosine = min(float(match.matches.cosine[0]), _LARGEST_COSINE)
    gain = -np.log(1 - cosine**2)
    n = max(report.n_spots, 1)
    unexplained = min(report.n_unexplained, _MOST_UNEXPLAINED)
    choice = [gain * min(n, _MOST_SPOTS) ** 0.5, unexplained, report.distance]
    none = [gain, report.unexplained_amplitude, unexplained, report.distance]
    none.append(np.log(min(n, _MOST_SPOTS_NONE)))
    return np.array(choice), np.array(none)


def _score(pattern):
    return np.array([describe_evidence(match)[0] @ _CHOICE for match in pattern])


def _none_log_odds(match):
    return describe_evidence(match)[1] @ _NONE + _NONE_CONSTANT
