"""Mean patterns of domains compared with structures, one domain after the other."""

import numpy as np

from hyperspy_4dphase._library_cache import load_or_build_library
from hyperspy_4dphase.estimators.orientation import (
    match_library,
    place_library,
    prepare_pattern,
    refine_matches,
)
from hyperspy_4dphase.signals._stored_phases import DomainNames

# Classes of domains that are compared with structures.
COMPARED = "crystalline", "mixed", "unknown"
# Orientations of each structure that are refined.
_N_REFINED = 5


def name_domains(means, variances, kinds, candidates, geometry, optics, progress=None):
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
    progress : callable, optional
        Called with what is done, how much of it, and how much there is.

    Returns
    -------
    DomainNames
    """
    wavelength, resolution = optics
    compared = [k for k, kind in enumerate(kinds) if kind in COMPARED]
    prepared = {
        k: prepare_pattern(means[k], geometry, variance=variances[k]) for k in compared
    }
    best = {}
    for j, candidate in enumerate(candidates):
        if not compared:
            break
        reach = geometry.reach(means.shape[1:])
        library = find_library(candidate, wavelength, reach, resolution)
        placed = place_library(library, prepared[compared[0]])
        for i, k in enumerate(compared):
            if progress is not None:
                done = j * len(compared) + i
                progress("Comparing", done, len(candidates) * len(compared))
            matches = match_library(prepared[k], placed)
            best[k, j] = refine_matches(prepared[k], library, matches, _N_REFINED)
    return _collect(kinds, candidates, best)


def _collect(kinds, candidates, best):
    """Naive until identification arrives."""
    shape = len(kinds), len(candidates)
    nan = np.full(shape, np.nan)
    cosine, q = nan.copy(), np.full((*shape, 4), np.nan)
    for (k, j), m in best.items():
        cosine[k, j] = m.cosine[0]
        q[k, j] = m.quaternions[0]
    phase = np.full(len(kinds), -1)
    margin = np.full(len(kinds), np.nan)
    probability = np.zeros(shape)
    in_set = np.zeros(shape, bool)
    for k, kind in enumerate(kinds):
        if kind == "amorphous":
            phase[k] = len(candidates)
        elif kind in COMPARED and len(candidates):
            order = np.argsort(-cosine[k])
            phase[k] = order[0]
            if len(order) > 1:
                margin[k] = 1 - cosine[k, order[1]] / cosine[k, order[0]]
            probability[k, order[0]] = 1
            in_set[k] = cosine[k] > 0.95 * cosine[k, order[0]]
    return DomainNames(
        phase,
        list(kinds),
        [""] * len(kinds),
        probability,
        in_set,
        q,
        cosine,
        nan.copy(),
        nan.copy(),
        nan.copy(),
        margin,
    )


def find_library(candidate, wavelength, reach, resolution):
    """Find the templates of a structure in the user's cache, or build them.

    Parameters
    ----------
    candidate : Candidate
    wavelength : float
        In Å.
    reach : float
        Largest scattering vector, in 1/Å.
    resolution : float
        In degrees.

    Returns
    -------
    TemplateLibrary
    """
    # A little farther, lest rounding leaves the last circle out.
    reach = float(np.ceil(reach * 1e3) / 1e3)
    return load_or_build_library(
        candidate.reflections(reach),
        wavelength,
        candidate.rotations,
        max_g=reach,
        resolution=resolution,
    )


def find_center(means, used, axes, center):
    """Temporary."""
    from hyperspy_4dphase.estimators.rotation._polar_images import check_centers

    total = np.nan_to_num(means).sum(axis=0)
    return tuple(check_centers(center, total[None], used[None])[0].tolist())
