"""Which of a few strong patterns are rotations or mirror images of one another."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.rotation._polar_images import (
    check_centers,
    check_patterns,
)
from hyperspy_4dphase.estimators.rotation._polar_pairs import PolarPatterns

# Noise is the same if it differs by less than this, relatively: rounding.
_SAME_NOISE = 1e-6


@dataclass(frozen=True)
class RotationGroups:
    """Which domains share a phase, and how they are turned.

    Attributes
    ----------
    labels : numpy.ndarray of int, shape (n_domains,)
        Phase of each domain, counted from 0 in order of appearance.
    angles : numpy.ndarray, shape (n_domains,)
        Degrees by which the phase's reference, mirrored first where `mirrored` says so,
        is turned to give the domain: from the column axis (kx) towards the row axis
        (ky), which is clockwise where rows are displayed downwards. From -180 to 180;
        of angles that serve equally well, by symmetry, the smallest. 0 for references
        and for patterns without azimuthal variation.
    mirrored : numpy.ndarray of bool, shape (n_domains,)
        Whether the reference has its rows reversed about its centre before it is
        turned: the crystal lies the other side up. False wherever that is not needed.
    references : numpy.ndarray of int, shape (n_phases,)
        Of each phase, the domain with the least noise, relative to its brightness.
    centers : numpy.ndarray, shape (n_domains, 2)
        Row and column about which each pattern is turned.
    correlation : numpy.ndarray, shape (n_domains, n_domains)
        Fraction of their azimuthal variation that two patterns have in common at the
        best angle, noise taken out: 1 for all of it; NaN where neither has any.
    misfit : numpy.ndarray, shape (n_domains, n_domains)
        Difference of two patterns in units of what noise and changes within a phase
        allow: up to 1 they can share a phase.
    """

    labels: np.ndarray
    angles: np.ndarray
    mirrored: np.ndarray
    references: np.ndarray
    centers: np.ndarray
    correlation: np.ndarray
    misfit: np.ndarray


def group_rotations(
    patterns,
    variances,
    *,
    excluded=None,
    center=None,
    mirror=True,
    strain=0.025,
    tolerance=0.1,
):
    """Find which patterns are in-plane rotations of one structure.

    Every pair is compared in polar coordinates at all angles, by angular
    cross-correlation ([1]_, [2]_) of what is left of the amplitude (the square root of
    intensity, so that neither a few strong spots nor the background rule) without the
    direct beam and the azimuthal mean. At the best angle three differences must be
    small, counting noise taken out: the azimuthal variation not in common, the spacing
    of spots, and the radial profile, of which brightness and a smooth trend are free.
    Patterns without azimuthal variation are compared by their radial profiles alone.
    A phase is a set of domains each of which is like every other.

    Parameters
    ----------
    patterns : array_like of shape (n_domains, n_ky, n_kx)
        Mean patterns, in any unit, bright or dim. NaN where there is no value.
    variances : array_like of shape (n_domains, n_ky, n_kx)
        Of the noise in `patterns`: for counts, their mean over the number of patterns.
    excluded : array_like of bool, shape (n_ky, n_kx), optional
        True for pixels not to be used.
    center : array_like of shape (2,) or (n_domains, 2), optional
        Row and column of the centre of all patterns or of each. By default, where each
        pattern agrees best with itself turned by 180 degrees.
    mirror : bool
        Whether mirror images are the same structure. Default is True.
    strain : float
        Largest relative difference of spacings within a phase. Default is 0.025.
    tolerance : float
        Largest fraction of the azimuthal variation that two patterns of a phase may not
        have in common. Mixed positions, strain and distortion cost a few hundredths,
        spots in other places 0.2 and more. Default is 0.1.

    Returns
    -------
    RotationGroups

    Raises
    ------
    ValueError
        If shapes do not fit, values are infinite, variances negative, too few pixels
        used, or options out of range.

    Notes
    -----
    Difference that noise hides is no difference: a domain of very few counts joins
    whatever it does not contradict. Structures with spots in the same places are told
    apart only if many of these differ in strength: Al and Fe along [001] are not. Where
    the direct beam is masked, a centre cannot be found in the patterns of one strongly
    tilted crystal: give it.

    References
    ----------
    .. [1] P. Wochner et al., X-ray cross correlation analysis uncovers hidden local
       symmetries in disordered matter, Proc. Natl. Acad. Sci. 106 (2009),
       doi:10.1073/pnas.0905337106.
    .. [2] B. S. Reddy, B. N. Chatterji, An FFT-based technique for translation,
       rotation, and scale-invariant image registration, IEEE Trans. Image Process. 5
       (1996), doi:10.1109/83.506761.

    Examples
    --------
    >>> rows, columns = np.indices((40, 50)) - np.array([20, 24])[:, None, None]
    >>> def spots(x, y):
    ...     places = (0, 0), (x, y), (-x, -y)
    ...     return sum(np.exp(-np.hypot(rows - v, columns - u)) for u, v in places)
    >>> patterns = np.stack([spots(12, 0), spots(0, 12), spots(8, 0)])
    >>> found = group_rotations(patterns, patterns / 1e6)
    >>> found.labels, found.angles.round()
    (array([0, 0, 1]), array([ 0., 90.,  0.]))
    """
    check_number("strain", strain, 0, 0.5, above=True)
    check_number("tolerance", tolerance, 0, 0.5, above=True)
    patterns, variances, used = check_patterns(patterns, variances, excluded)
    centers = check_centers(center, patterns, used)
    polar = PolarPatterns(patterns, variances, used, centers, mirror, strain, tolerance)
    n = len(patterns)
    pairs = [polar.compare(i, j) for j, i in combinations(range(n), 2)]
    labels = _group([p.distance if p.misfit <= 1 else np.inf for p in pairs])
    noise = variances.sum(axis=(1, 2)) / used.sum(axis=(1, 2)) ** 2
    members = [np.flatnonzero(labels == i) for i in range(labels.max() + 1)]
    references = np.array([_find_reference(noise, domains) for domains in members])
    number = squareform(np.arange(len(pairs)))
    angles, mirrored = np.zeros(n), np.zeros(n, bool)
    for i, r in enumerate(references[labels]):
        if i != r:
            pair = pairs[number[i, r]]
            # Mirroring and turning by one and the same angle leads back.
            sign = 1 if i > r or pair.mirrored else -1
            angles[i], mirrored[i] = sign * pair.angle, pair.mirrored
    correlation = squareform([pair.correlation for pair in pairs]) + np.eye(n)
    misfit = squareform([pair.misfit for pair in pairs])
    return RotationGroups(
        labels, angles, mirrored, references, centers, correlation, misfit
    )


def _find_reference(noise, members):
    """Of some domains the one with the least noise, the first of equals."""
    equal = noise[members] <= noise[members].min() * (1 + _SAME_NOISE)
    return members[equal.argmax()]


def _group(distances):
    """Label groups within which no distance is infinite, the nearest joined first.

    Parameters
    ----------
    distances : list of float
        Of all pairs, as :func:`scipy.spatial.distance.pdist` lists them.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Counted from 0 in order of appearance.
    """
    if not distances:
        return np.zeros(1, int)
    finite = np.isfinite(distances)
    # Noise taken out may leave less than nothing.
    near = np.where(finite, distances, 0)
    near -= min(near.min(), 0)
    far = near.max() + 1
    near[~finite] = 2 * far
    found = fcluster(linkage(near, "complete"), far, "distance")
    _, first, labels = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[labels]
