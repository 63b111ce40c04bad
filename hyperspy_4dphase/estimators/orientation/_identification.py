"""Which of several structures patterns are of, which cannot be told apart, or none."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.orientation._evidence import (
    CHOICE,
    SAME_IN_ZONE,
    none_log_odds,
)
from hyperspy_4dphase.estimators.orientation._structure_match import smallest_set

# From so many spots on, a pattern that is of none of the structures nearly always shows
# it. Of fewer, none of them is said only if it is so probable.
FEWEST_SPOTS, EXCLUDED = 8, 0.9


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
    one_zone : bool
        Whether the spots that the most probable structure explains are of one zone.
        Structures that have the same reflections there, and are not among those that
        were compared, cannot be excluded.
    """

    probability: np.ndarray
    none_probability: float
    in_set: np.ndarray
    margin: float
    n_spots: int
    one_zone: bool = False

    @property
    def best(self):
        """Index of the most probable structure; None if none of them is likelier."""
        likely = not self.none_probability > 0.5
        return int(self.probability.argmax()) if likely and self.n_spots else None

    @property
    def too_few_spots(self):
        """Whether spots are too few to tell a structure from none of them.

        Below 8 spots, unless they exclude all structures with a probability of 0.9.
        """
        few = 0 < self.n_spots < FEWEST_SPOTS
        return few and 0.5 < self.none_probability < EXCLUDED

    @property
    def listed(self):
        """The structures that it may be, as a report lists them.

        Those of `in_set`; none where it is said to be none of them, or has no spots.
        """
        told = bool(self.n_spots) and (self.best is not None or self.too_few_spots)
        return self.in_set & told


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
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase.data import Camera, crystal_pattern, structure
    >>> from hyperspy_4dphase.estimators import orientation
    >>> from hyperspy_4dphase.structures import load_candidates
    >>> camera = Camera(signal_shape=(72, 80), scale=0.025)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * crystal_pattern("Si", turned, camera)
    >>> geometry = orientation.PatternGeometry(
    ...     camera.center, camera.scale, camera.disc_radius, outer_radius=0.9
    ... )
    >>> prepared = orientation.prepare_pattern(counts, geometry)
    >>> placed = []
    >>> for candidate in load_candidates([structure("Si"), structure("Al")]):
    ...     library = orientation.build_library(
    ...         candidate.reflections(0.9),
    ...         camera.wavelength,
    ...         candidate.rotations,
    ...         max_g=0.9,
    ...         resolution=4,
    ...     )
    ...     placed.append(orientation.place_library(library, prepared))
    >>> found = orientation.identify([orientation.match_structures(prepared, placed)])
    >>> found.best, bool(found.probability[0] > found.probability[1])
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
    score = np.sum([[one.choice @ CHOICE for one in pattern] for pattern in shown], 0)
    chosen = np.exp(score - score.max())
    chosen /= chosen.sum()
    best = int(chosen.argmax())
    log_odds = sum(none_log_odds(p[best].none, p[best].report) for p in shown)
    one_zone = len(shown) == 1 and shown[0][best].none[-1] > 0
    none = float(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))
    none = 1 - (1 - SAME_IN_ZONE * one_zone) * (1 - none)
    return Identification(
        (1 - none) * chosen,
        none,
        smallest_set(chosen),
        _margin(shown, best),
        int(np.sum(n_spots)),
        bool(one_zone),
    )


def _margin(patterns, best):
    cosine = np.mean([[m.matches.cosine[0] for m in p] for p in patterns], axis=0)
    others = np.delete(cosine, best)
    if not len(others) or not cosine[best] > 0:
        return np.nan
    return float((cosine[best] - others.max()) / cosine[best])
