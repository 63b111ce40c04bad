"""Which maps an ensemble is made of."""

from typing import NamedTuple

from hyperspy_4dphase.estimators.confidence._map_kinds import (
    KINDS,
    density_map,
    divisive_map,
)

DOUBTS = ("distortion", "resampling", "kinds", "noise")
# Of maps of a part of the patterns, one in so many is sought anew; the others are that
# of all patterns, fitted to the part. Clustering by density is quick, and always anew.
_SEARCHED_ANEW = 6


class Task(NamedTuple):
    """A map that is to be made.

    Parameters
    ----------
    source : str
        The doubt that it looks into.
    kind : callable or None
        How it is clustered; None if it is that of all patterns, fitted to a part.
    seed : int
    of_patterns : bool
        Whether the patterns are clustered, all of them, though there are features.
    """

    source: str
    kind: object
    seed: int
    of_patterns: bool = False


def first_kind(of_features):
    """How all patterns are clustered, or features of theirs."""
    return _kinds(of_features)[0]


def planned(n_maps, doubts, of_features, has_model, random_state):
    """The maps after the first, one source of doubt after the other.

    Parameters
    ----------
    n_maps : int
    doubts : sequence of str
    of_features : bool
        Whether features are clustered. The tree among the kinds is then that of the
        patterns themselves.
    has_model : bool
        Whether there is a decoder, to distort latent spaces with.
    random_state : numpy.random.RandomState
        For seeds.

    Returns
    -------
    list of Task
    """
    names = [name for name in DOUBTS[:3] if name in doubts]
    if not has_model and "distortion" in names:
        names.remove("distortion")
    # With none of these, maps differ by their samples only.
    names = names or ["resampling"]
    tasks = []
    for i in range(n_maps - 1):
        number, place = divmod(i, len(names))
        kind = _kind(names[place], number, of_features)
        seed = random_state.randint(2**31 - 1)
        tasks.append(
            Task(names[place], kind, seed, of_features and kind is divisive_map)
        )
    return tasks


def _kinds(of_features):
    return KINDS[None if of_features else "poisson"]


def _kind(source, number, of_features):
    first, *others = _kinds(of_features)
    if source == "kinds":
        return others[number % len(others)]
    if source == "distortion":
        return density_map
    if first is divisive_map and number % _SEARCHED_ANEW:
        return None
    return first
