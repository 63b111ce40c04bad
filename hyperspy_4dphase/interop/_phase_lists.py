"""Lists of phases for orix: as many as there are, each with a name and a colour."""

import numbers
from functools import lru_cache

import numpy as np
from matplotlib import colors as mcolors
from orix.crystal_map import Phase, PhaseList

# Selections of a crystal map: xmap["indexed"].
_RESERVED_NAMES = {"indexed", "not_indexed"}


def match_phases(phase_list, phase_ids, n_domains):
    """Return phases by their numbers, given or new, and the number of each domain."""
    if phase_ids is not None:
        phase_ids = np.asarray(phase_ids)
        if phase_ids.shape != (n_domains,) or phase_ids.dtype.kind not in "iu":
            raise ValueError(
                f"phase_ids have the shape {phase_ids.shape} and the type "
                f"{phase_ids.dtype}, but must be integers for {n_domains} domains."
            )
    if phase_list is not None:
        phases = _copy_phases(phase_list)
    elif phase_ids is None:
        phases = {i: Phase(f"domain {i}") for i in range(n_domains)}
    else:
        phases = {i: Phase(f"phase {i}") for i in range(phase_ids.max(initial=-1) + 1)}
    if phase_ids is None and len(phases) != n_domains:
        raise ValueError(
            f"phase_list has {len(phases)} phases for {n_domains} domains. Give one "
            "for each domain, or say by phase_ids which domain is of which phase."
        )
    phase_ids = np.array(list(phases) if phase_ids is None else phase_ids, dtype=int)
    unknown = set(phase_ids.tolist()) - {-1, *phases}
    if unknown:
        raise ValueError(f"phase_ids hold {unknown}, but there are {list(phases)}.")
    return phases, phase_ids


def _copy_phases(phase_list):
    """Return copies of the given phases, by their numbers in rising order."""
    if isinstance(phase_list, Phase):
        phase_list = [phase_list]
    if isinstance(phase_list, list | tuple):
        phase_list = dict(enumerate(phase_list))
    if not isinstance(phase_list, dict | PhaseList):
        raise TypeError(
            "phase_list must be an orix PhaseList or hold orix Phases, but is a "
            f"{type(phase_list).__name__}."
        )
    phases = dict(phase_list)
    numbered = all(isinstance(number, numbers.Integral) for number in phases)
    if not numbered or not all(isinstance(p, Phase) for p in phases.values()):
        raise TypeError(
            "phase_list must hold orix Phases and integers for their numbers, not "
            f"{phases!r}."
        )
    # -1 is what orix calls not indexed.
    return {int(n): phases[n].deepcopy() for n in sorted(phases) if n >= 0}


def set_names(phases, names):
    if names is None:
        names = [phase.name or f"phase {i}" for i, phase in phases.items()]
    if not isinstance(names, list | tuple):
        raise TypeError(f"names must be a list of texts, not {names!r}.")
    if len(names) != len(phases) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"names must be {len(phases)} texts, not {names!r}.")
    for phase, name in zip(phases.values(), names, strict=True):
        phase.name = name
    used = [phase.name for phase in phases.values()]
    if len(set(used)) < len(used) or _RESERVED_NAMES & set(used) or "" in used:
        raise ValueError(
            f"The names of the phases are {used}, but orix finds phases by their "
            f"names: none may come twice, be empty or one of {_RESERVED_NAMES}."
        )


def set_colors(phases, colors):
    """Give phases colours with names, all different as long as there are names."""
    colors = [None] * len(phases) if colors is None else colors
    if isinstance(colors, str) or not hasattr(colors, "__len__"):
        raise TypeError(f"colors must be a list of colours, not {colors!r}.")
    for color in colors:
        if not (color is None or mcolors.is_color_like(color)):
            raise ValueError(f"colors holds {color!r}, which is no RGB colour.")
    if len(colors) != len(phases):
        raise ValueError(f"{len(colors)} colors were given for {len(phases)} phases.")
    free = {}
    for phase, color in zip(phases, colors, strict=True):
        free = free or dict(_name_colors())
        if color is None:
            own = mcolors.to_hex(phase.color)
            chosen = own if own in free else next(iter(free))
        else:
            known = np.array([mcolors.to_rgb(value) for value in free])
            # About as far as they look: the eye is best at green.
            distance = (known - mcolors.to_rgb(color)) ** 2 @ (2, 4, 3)
            chosen = list(free)[distance.argmin()]
        phase.color = free.pop(chosen)


@lru_cache
def _name_colors():
    """Return names of matplotlib's colours by their values, in the order of orix."""
    # orix adds all other colours to matplotlib's table of tableau colours.
    tableau = [name for name in mcolors.TABLEAU_COLORS if name.startswith("tab:")]
    named = {}
    for name in (*tableau, *mcolors.XKCD_COLORS, *mcolors.CSS4_COLORS):
        named.setdefault(mcolors.to_hex(name), name)
    # What is not indexed is white.
    del named["#ffffff"]
    return named
