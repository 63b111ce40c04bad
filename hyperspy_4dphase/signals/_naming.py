"""Mean patterns of domains compared with structures, one domain after the other."""

import warnings

import numpy as np

from hyperspy_4dphase._library_cache import load_or_build_library
from hyperspy_4dphase.estimators.calibration import estimate_center
from hyperspy_4dphase.estimators.crystallinity import find_beam
from hyperspy_4dphase.estimators.orientation import (
    PatternGeometry,
    identify,
    match_structures,
    measure_spot_radius,
    misorientation,
    place_library,
    prepare_pattern,
)
from hyperspy_4dphase.signals._optics import find_zero
from hyperspy_4dphase.signals._stored_phases import DomainNames

# Classes of domains that are compared with structures.
COMPARED = "crystalline", "mixed", "unknown"
# Electrons: patterns are compared as if they had no less noise than this many leave.
# Probabilities are fitted up to there, and fainter spots come from other crystals and
# from scattering more than once.
_MOST_ELECTRONS = 1e5
# Below this probability a structure is not named: it is one of several.
_LEAST = 0.5
# Orientations that fit by so little less, and are so many degrees apart, are told.
_AS_GOOD, _APART = 0.005, 5.0
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
    placed, found, described = [], {}, {}
    n_steps = len(candidates) + len(compared)
    for done, k in enumerate(compared):
        least = np.maximum(means[k], 0) * np.nansum(means[k]) / _MOST_ELECTRONS
        variance = np.maximum(variances[k], least)
        pattern = prepare_pattern(means[k], geometry, variance=variance)
        while len(placed) < len(candidates):
            reach = geometry.reach(means.shape[1:])
            library = find_library(candidates[len(placed)], *optics, reach)
            placed.append(place_library(library, pattern))
            progress("Simulating and comparing", len(placed), n_steps)
        matches = match_structures(pattern, placed)
        found[k], described[k] = identify([matches]), matches
        _describe(names, k, matches, found[k])
        progress("Simulating and comparing", len(candidates) + done + 1, n_steps)
    titles = [candidate.name for candidate in candidates]
    _choose(names, found, titles, _count_orientations(described, candidates))
    return names


def _count_orientations(described, candidates):
    """Of each domain and structure, how many other orientations fit as well.

    Returns
    -------
    dict of tuple of int to tuple of int and float
        Their number, and the degrees to the farthest. Only where there are any.
    """
    found = {}
    for k, matches in described.items():
        for j, (match, candidate) in enumerate(zip(matches, candidates, strict=True)):
            quaternions, cosine, _ = match.matches
            if len(cosine) < 2:
                continue
            angles = misorientation(
                quaternions[1:], quaternions[:1], candidate.rotations
            )
            alike = cosine[1:] >= cosine[0] - _AS_GOOD
            alike &= angles > _APART
            if alike.any():
                found[k, j] = int(alike.sum()), float(angles[alike].max())
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
        table,
        wavelength,
        candidate.rotations,
        max_g=reach,
        resolution=resolution,
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
        If neither patterns nor axes tell where the direct beam is.
    """
    center = plan.center or _find_center(means, used, axes)
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
            stacklevel=4,
        )
    return tuple(float(value) for value in found.value)


def _make_empty(kinds, n_candidates):
    """Names of domains of which nothing is known yet."""
    n_domains = len(kinds)
    nothing = np.full((n_domains, n_candidates), np.nan)
    scores = ("cosine", *_REPORTED, "excitation_width")
    return DomainNames(
        phase=np.full(n_domains, -1),
        kind=list(kinds),
        reason=[""] * n_domains,
        probability=np.zeros_like(nothing),
        in_set=np.zeros(nothing.shape, bool),
        quaternions=np.full((*nothing.shape, 4), np.nan),
        margin=np.full(n_domains, np.nan),
        **{name: nothing.copy() for name in scores},
    )


def _describe(names, k, matches, found):
    """Write down what was found of one domain."""
    for j, match in enumerate(matches):
        if len(match.matches.cosine):
            names.quaternions[k, j] = match.matches.quaternions[0]
            names.cosine[k, j] = match.matches.cosine[0]
            names.excitation_width[k, j] = match.matches.excitation_width[0]
        for name in _REPORTED:
            getattr(names, name)[k, j] = getattr(match.report, name)
    names.margin[k] = found.margin
    if found.n_spots:
        names.probability[k] = found.probability
        names.in_set[k] = found.in_set & (found.best is not None)


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
        if chosen is None:
            partly = "partly amorphous; its spots are of " * (kind == "mixed")
            names.reason[k] = (
                f"{partly}none of these structures "
                f"(probability {one.none_probability:.2f}); the nearest is "
                f"{_describe_nearest(names, k, one, titles)}"
            )
            continue
        if one.probability[chosen] < _LEAST:
            inside = [titles[j] for j in np.flatnonzero(one.in_set)]
            names.reason[k] = f"cannot be told: one of {', '.join(inside)}"
            continue
        names.phase[k] = chosen
        if others_of.get((k, chosen)):
            n, angle = others_of[k, chosen]
            names.reason[k] = f"{n} more orientations fit, up to {angle:.0f}° away"
