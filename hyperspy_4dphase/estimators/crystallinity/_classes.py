"""Is a mean pattern of vacuum, of amorphous material, of a crystal, or of both?"""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.crystallinity._features import measure_features
from hyperspy_4dphase.estimators.crystallinity._probabilities import (
    CLASSES,
    estimate_probabilities,
)
from hyperspy_4dphase.estimators.rotation import check_centers, check_patterns

UNKNOWN = "unknown"
# Groups of equally bright pixels from which gain and readout noise follow.
_N_GROUPS = 16
# Counts of a pixel of patterns that have no noise at all.
_MOST_COUNTS = 1e6
# What keeps a division from being one by 0.
_TINY = 1e-300


@dataclass(frozen=True)
class PatternClasses:
    """What mean patterns are of.

    Attributes
    ----------
    names : tuple of str
        ``"vacuum"``, ``"amorphous"``, ``"crystalline"``, ``"mixed"`` or ``"unknown"``,
        one for each pattern.
    probabilities : numpy.ndarray, shape (n_patterns, 4)
        Of the first four, in this order; rows sum to 1.
    spot_fractions, spot_errors : numpy.ndarray, shape (n_patterns,)
        Fraction of the counts outside the direct beam that is in spots, above what is
        smooth in azimuth, and its standard deviation. It is the least that crystals
        scatter: their diffuse scattering is not in it. NaN without counts.
    features : tuple of Features
        What was measured in each.
    spots : numpy.ndarray of bool, shape (n_patterns, n_ky, n_kx)
        Pixels of spots.
    smooth : numpy.ndarray, shape (n_patterns, n_ky, n_kx)
        The part that is smooth in azimuth, as a fraction of the mean of the pattern.
    outside : numpy.ndarray of bool, shape (n_patterns, n_ky, n_kx)
        Pixels that are used and outside the direct beam.
    radius : numpy.ndarray, shape (n_patterns, n_ky, n_kx)
        Distance from the centre in pixels, an ellipse taken out.
    """

    names: tuple
    probabilities: np.ndarray
    spot_fractions: np.ndarray
    spot_errors: np.ndarray
    features: tuple
    spots: np.ndarray
    smooth: np.ndarray
    outside: np.ndarray
    radius: np.ndarray


def classify_patterns(
    patterns, variances, *, excluded=None, center=None, threshold=0.5
):
    """Tell vacuum, amorphous, crystalline and mixed mean patterns apart.

    Rings about the centre are fitted without the spots on them, together with centre
    and ellipse. Compared to that are single discs, and their scatter; both against
    patterns without spots that are drawn with the same noise. Halos are what a sum of
    curves that fall off, and of broad humps as thermal diffuse scattering has them,
    cannot explain in the rings. Three logistic regressions make probabilities of it,
    fitted to simulated patterns of random halos, crystals, tails, detectors, doses and
    sizes.

    Parameters
    ----------
    patterns : array_like of shape (n_patterns, n_ky, n_kx)
        Mean patterns, in any unit, without the detector's offset. NaN where there is no
        value.
    variances : array_like of shape (n_patterns, n_ky, n_kx)
        Of the noise in `patterns`: for counts, their mean over the number of patterns.
    excluded : array_like of bool, shape (n_ky, n_kx), optional
        True for pixels not to be used: dead and hot ones, a beam stop.
    center : array_like of shape (2,) or (n_patterns, 2), optional
        Row and column of the direct beam. By default found, as by
        :func:`group_rotations`.
    threshold : float, default 0.5
        Smallest probability of a class that is named.

    Returns
    -------
    PatternClasses

    Raises
    ------
    ValueError
        If shapes do not fit, values are infinite, variances negative, too few pixels
        used, or `threshold` is no probability.

    Notes
    -----
    *Vacuum* has nothing but the direct beam, its tails, and up to 1 % of the counts of
    something else. *Amorphous* is whatever scatters smoothly in azimuth, however sharp
    its rings: a powder of very many crystals cannot be told from a glass here. Rings
    that vary in azimuth, by texture or since few grains contribute, are *crystalline*.
    *Mixed* has spots and halos. A smooth background without halos is no sign of
    amorphous material where there are spots, since crystals scatter diffusely, too.
    Where the direct beam is hidden, vacuum and amorphous material are told apart by
    halos only.

    Examples
    --------
    >>> rows, columns = np.indices((60, 64)) - np.array([30, 32])[:, None, None]
    >>> radius = np.hypot(rows, columns)
    >>> beam = 1e6 * np.exp(-(radius**2) / 4)
    >>> halo = 500 * np.exp(-((radius - 17) ** 2) / 8) + 20
    >>> found = classify_patterns([beam, beam + halo], [beam, beam + halo])
    >>> found.names
    ('vacuum', 'amorphous')
    """
    check_number("threshold", threshold, 0, 1, below=True)
    found = measure_patterns(patterns, variances, excluded, center)
    features = tuple(one.features for one in found)
    probabilities = estimate_probabilities(features)
    smooth = [one.part.model / max(one.part.model.mean(), _TINY) for one in found]
    return PatternClasses(
        names=tuple(_name(row, threshold) for row in probabilities),
        probabilities=probabilities,
        spot_fractions=np.array([one.spots for one in features]),
        spot_errors=np.array([one.spots_error for one in features]),
        features=features,
        spots=np.stack([one.spots for one in found]),
        smooth=np.stack(smooth),
        outside=np.stack([one.outside for one in found]),
        radius=np.stack([one.part.radius for one in found]),
    )


def measure_patterns(patterns, variances, excluded=None, center=None):
    """Measure what tells classes apart; see :func:`classify_patterns`.

    Returns
    -------
    list of Measurement
    """
    patterns, variances, used = check_patterns(patterns, variances, excluded)
    centers = check_centers(center, patterns, used)
    found = []
    for pattern, variance, use, at in zip(
        patterns, variances, used, centers, strict=True
    ):
        gain, readout = fit_noise(pattern[use], variance[use])
        found.append(measure_features(pattern / gain, use, at, readout / gain**2))
    return found


def _name(probabilities, threshold):
    best = probabilities.argmax()
    return CLASSES[best] if probabilities[best] >= threshold else UNKNOWN


def fit_noise(values, variances):
    """Gain and readout noise of a detector: variances as a line of the values.

    By the median of the slopes between groups of equally bright pixels, since a
    variance that was measured is too large where patterns of a domain differ.

    Parameters
    ----------
    values, variances : numpy.ndarray, shape (n_pixels,)

    Returns
    -------
    gain, readout : float
        ``variances = gain * values + readout``, both not negative, and the gain above
        0.
    """
    order = np.array_split(np.argsort(values), min(_N_GROUPS, values.size))
    values, noise = (
        np.array([x[i].mean() for i in order]) for x in (values, variances)
    )
    first, second = np.triu_indices(len(values), 1)
    steps, rises = (x[second] - x[first] for x in (values, noise))
    gain = np.median(rises[steps > 0] / steps[steps > 0]) if (steps > 0).any() else 0.0
    readout = np.median(noise) - gain * np.median(values)
    if gain <= 0:
        gain, readout = noise.sum() / max(values.sum(), _TINY), 0.0
    if gain <= 0:
        # Without noise: so many counts that nothing is left to chance.
        gain = max(values.mean(), 0.0) / _MOST_COUNTS or 1.0
    return float(gain), float(max(readout, 0.0))
