"""Mean patterns of domains compared with structures, one domain after the other."""

import warnings

import numpy as np

from hyperspy_4dphase._library_cache import load_or_build_library
from hyperspy_4dphase.estimators.calibration import estimate_center
from hyperspy_4dphase.estimators.crystallinity import find_beam
from hyperspy_4dphase.estimators.orientation import (
    SET_PROBABILITY,
    PatternGeometry,
    identify,
    list_alternatives,
    match_structures,
    measure_spot_radius,
    misorientation,
    place_library,
    prepare_pattern,
)
from hyperspy_4dphase.signals._center import compare_center
from hyperspy_4dphase.signals._optics import find_zero
from hyperspy_4dphase.signals._stored_phases import MOST_ALTERNATIVES, DomainNames

# Classes of domains that are compared with structures.
COMPARED = "crystalline", "mixed", "unknown"
# Of a `MatchReport`.
_REPORTED = "unexplained", "missing", "n_spots", "n_explained"


def name_domains(means, variances, kinds, candidates, geometry, optics, progress):
    """Compare mean patterns of domains with structures.

    Parameters
    ----------
    means, variances : numpy.ndarray, shape (n_domains, n_ky, n_kx)
        In electrons; NaN at pixels that are not used.
    kinds : list of str
        Class of each domain.
    candidates : list of Candidate
    geometry : PatternGeometry
    optics : tuple of float
        Wavelength in Å, and step of the templates in degrees.
    progress : callable
        Called with what is done, how much of it, and how much there is.

    Returns
    -------
    DomainNames
    """
    names = _make_empty(kinds, len(candidates))
    compared = [k for k, kind in enumerate(kinds) if kind in COMPARED]
    placed, found = [], {}
    n_steps = len(candidates) + len(compared)
    for done, k in enumerate(compared):
        pattern = prepare_pattern(means[k], geometry, variance=variances[k])
        while len(placed) < len(candidates):
            reach = geometry.reach(means.shape[1:])
            library = find_library(candidates[len(placed)], *optics, reach)
            placed.append(place_library(library, pattern))
            progress("Simulating and comparing", len(placed), n_steps)
        matches = match_structures(pattern, placed)
        found[k] = identify([matches])
        _describe(names, k, matches, found[k])
        progress("Simulating and comparing", len(candidates) + done + 1, n_steps)
    titles = [candidate.name for candidate in candidates]
    _choose(names, found, titles, _describe_alternatives(names, candidates))
    return names


def _list_alternatives(names, k, j, match):
    """Write down the orientations that cannot be told from the best one."""
    index, share = list_alternatives(match)
    kept = slice(0, MOST_ALTERNATIVES)
    n = len(index[kept])
    names.alternatives[k, j, :n] = match.matches.quaternions[index[kept]]
    names.alternative_shares[k, j, :n] = share[kept]


def _describe_alternatives(names, candidates):
    """Of each domain and structure, how many other orientations fit as well.

    Returns
    -------
    dict of tuple of int to tuple of int and float
        Their number, and the degrees to the farthest. Only where there are any.
    """
    found = {}
    for k, j in np.argwhere(np.isfinite(names.alternative_shares[..., 1])):
        every = names.alternatives[k, j]
        every = every[np.isfinite(every).all(axis=1)]
        angles = misorientation(every[1:], every[:1], candidates[j].rotations)
        found[k, j] = len(angles), float(angles.max())
    return found


def _describe_nearest(names, k, one, titles):
    j = int(one.probability.argmax())
    spots = f"{names.n_explained[k, j]:.0f} of {names.n_spots[k, j]:.0f} spots"
    return f"{titles[j]} (cosine {names.cosine[k, j]:.2f}, {spots})"


def find_library(candidate, wavelength, resolution, reach):
    """Find the templates of a structure in the user's cache, or build them.

    Parameters
    ----------
    candidate : Candidate
    wavelength : float
        In Å.
    resolution : float
        In degrees.
    reach : float
        Largest scattering vector, in 1/Å.

    Returns
    -------
    TemplateLibrary
    """
    # A little farther, lest rounding leaves the last circle out.
    reach = float(np.ceil(reach * 1e3) / 1e3)
    try:
        table = candidate.reflections(reach)
    except ValueError as error:
        raise ValueError(
            f"{candidate.name} has no reflection within the {reach:.3g} 1/Å that the "
            "patterns reach to: check their calibration."
        ) from error
    return load_or_build_library(
        table, wavelength, candidate.rotations, max_g=reach, resolution=resolution
    )


def measure_geometry(means, used, axes, plan, crystals):
    """Find the direct beam and the size of spots, where they are not given.

    Parameters
    ----------
    means : numpy.ndarray, shape (n_domains, n_ky, n_kx)
    used : numpy.ndarray of bool, shape (n_ky, n_kx)
    axes : list of dict
        Of a pattern. Where patterns do not tell the centre, their zero is taken.
    plan : NamingPlan
    crystals : list of bool
        Which patterns have spots.

    Returns
    -------
    PatternGeometry

    Warns
    -----
    UserWarning
        If neither patterns nor axes tell where the direct beam is, or patterns have
        another centre than was given, or axes have where patterns do not tell.
    """
    if plan.center is None:
        center = _find_center(means, used, axes)
    else:
        center = plan.center
        compare_center(center, means, ~used, find_zero(axes))
    radius = plan.spot_radius
    if radius is None and any(crystals):
        radius = plan.scale * measure_spot_radius(means[crystals], center, ~used)
    radius = radius or plan.scale
    # Discs that touch the direct beam are no spots.
    beam = find_beam(np.where(used, np.nan_to_num(means).sum(axis=0), 0), used, center)
    inner = beam.end * plan.scale + radius
    return PatternGeometry(
        center, plan.scale, radius, plan.flip, plan.scan_rotation, inner
    )


def _find_center(means, used, axes):
    found = estimate_center(means, ~used)
    if not found.resolved:
        zero = find_zero(axes)
        if zero is not None:
            return zero
        warnings.warn(
            f"The direct beam was not found with certainty ({found.problem}): names "
            "and orientations may be wrong. Give center.",
            UserWarning,
            stacklevel=5,
        )
    return tuple(float(value) for value in found.value)


def _make_empty(kinds, n_candidates):
    """Names of domains of which nothing is known yet."""
    n_domains = len(kinds)
    nothing = np.full((n_domains, n_candidates), np.nan)
    scores = ("cosine", *_REPORTED, "excitation_width")
    several = (*nothing.shape, MOST_ALTERNATIVES)
    return DomainNames(
        phase=np.full(n_domains, -1),
        kind=list(kinds),
        reason=[""] * n_domains,
        probability=np.zeros_like(nothing),
        in_set=np.zeros(nothing.shape, bool),
        quaternions=np.full((*nothing.shape, 4), np.nan),
        margin=np.full(n_domains, np.nan),
        alternatives=np.full((*several, 4), np.nan),
        alternative_shares=np.full(several, np.nan),
        **{name: nothing.copy() for name in scores},
    )


def _describe(names, k, matches, found):
    """Write down what was found of one domain."""
    for j, match in enumerate(matches):
        if len(match.matches.cosine):
            names.quaternions[k, j] = match.matches.quaternions[0]
            names.cosine[k, j] = match.matches.cosine[0]
            names.excitation_width[k, j] = match.matches.excitation_width[0]
            _list_alternatives(names, k, j, match)
        for name in _REPORTED:
            getattr(names, name)[k, j] = getattr(match.report, name)
    names.margin[k] = found.margin
    if found.n_spots:
        names.probability[k] = found.probability
        names.in_set[k] = found.listed


def _choose(names, found, titles, others_of=None):
    """Choose the phase of each domain, and say why."""
    others_of = others_of or {}
    n_candidates = len(titles)
    for k, kind in enumerate(names.kind):
        if kind == "amorphous":
            names.phase[k] = n_candidates
            continue
        if k not in found:
            continue
        one, chosen = found[k], found[k].best
        if not one.n_spots:
            names.reason[k] = "no spots stand out of the background"
            continue
        every = [titles[j] for j in np.flatnonzero(one.in_set)]
        if one.too_few_spots:
            names.reason[k] = (
                f"{one.n_spots} spots are too few to name it: it may be "
                f"{' or '.join(every)}, or none of these structures (probability "
                f"{one.none_probability:.2f})"
            )
            continue
        if chosen is None:
            partly = "partly amorphous; its spots are of " * (kind == "mixed")
            names.reason[k] = (
                f"{partly}none of these structures "
                f"(probability {one.none_probability:.2f}); the nearest is "
                f"{_describe_nearest(names, k, one, titles)}"
            )
            continue
        if one.probability[chosen] <= 0.5:
            # Less probable than all else together.
            names.reason[k] = (
                f"cannot be told: one of {', '.join(every)}, or none of these "
                f"structures (probability {one.none_probability:.2f})"
            )
            continue
        names.phase[k] = chosen
        names.reason[k] = "; ".join(_list_doubts(one, others_of.get((k, chosen))))


def _list_doubts(one, others):
    """What is left open of a domain that is named."""
    doubts = []
    if one.one_zone:
        doubts.append(
            "its spots are of one zone: structures that share these reflections and "
            "are not among the candidates cannot be excluded"
        )
    elif one.none_probability > 1 - SET_PROBABILITY:
        doubts.append(
            "a structure that is not among the candidates cannot be excluded "
            f"(probability {one.none_probability:.2f})"
        )
    if others:
        n, angle = others
        more = "1 more orientation fits" if n == 1 else f"{n} more orientations fit"
        doubts.append(f"{more}, up to {angle:.0f}° away")
    return doubts
