"""What counts for and against a structure, and by how much.

All weights here are fitted to simulated patterns of families of structures that look
alike, of which half are dynamical and half near a zone axis: 500 to 10 million counts,
10 to 50 % of background, up to 5 % of the crystal beside, and calibrations that are off
by 0.3 % and 0.15 pixels.
``python -m tests.benchmarks.orientation --calibrate`` fits them again, and without the
option judges them on patterns of other structures.
"""

import numpy as np

from hyperspy_4dphase.estimators.orientation._library_building import EXCITATION_WIDTH

# Of the logarithm of a structure's likelihood, see `weigh_choice`.
CHOICE = np.array([1.589, -0.428, -2.890, -8.278, -1.359, 0.938, -0.824, -1.285])
# The same of orientations of one structure, fitted to 420 such patterns, of up to
# 100,000 counts. What is missing says little of them, as intensities are not
# kinematical: with the weights above 66, 66 and 60 % of 50 dynamical patterns of 2,000
# counts each (layered, spinel, rock salt) were within 2 degrees, with these 82, 84 and
# 80 %, with the cosine alone 78, 82 and 80 %; of 83 % any of those refined was.
ORIENTATION = np.array([2.21, -0.43, -7.22, 0.0, 0.0, -0.21, -0.42, 0.0])
# Of the log odds that none of the structures is right, and their constant, see
# `weigh_none`.
NONE = np.array([-0.362, 10.114, 6.651, 2.462, 2.637, 0.873])
NONE_CONSTANT = -13.646
# Probability that a structure is in one zone the same as another one, which is right:
# however well it fits, none of the structures is at least as probable.
SAME_IN_ZONE = 0.042
# More spots than that are no more independent evidence; largest numbers that were seen.
_MOST_SPOTS, _MOST_UNEXPLAINED, _MOST_SPOTS_NONE = 15, 8, 30
# Below 1 by what noise leaves even of the right template.
_LARGEST_COSINE = 0.995
# Patterns that weights are fitted to have about so much in common with their own spots,
# or more. Where spots are the grain of an amorphous ring it is less: no excuse.
_LEAST_ATTAINABLE = 0.85
# Of 130 patterns of all families, the right structure left 0.35 of the amplitude of
# spots unexplained at most, and 0.21 in all but 2 %; 0.12 of its own was missing at
# most. Weights are not fitted beyond: there log odds of none rise by so much a unit.
_MOST_LEFT, _MOST_MISSING, _BEYOND = 0.3, 0.15, 40.0
# At a low dose few reflections should stand out, and in a flat crystal of one thickness
# dynamical scattering extinguishes some of them. The part that is missing counts as if
# so many more were there. Without it, 23 and 28 % of 60 such patterns of 2,000 counts
# (layered, spinel) were called none of 12 structures though theirs was among them; with
# it 8 and 7 %. Of 794 patterns of the families that weights are fitted to, half of them
# flat, as many are called none rightly as before, and probabilities are better.
_PRESENT = 6.0


def weigh_choice(cosine, width, report):
    """Return what the weights of structures are multiplied with.

    Parameters
    ----------
    cosine : float
    width : float
        Of the shape function, in 1/Å.
    report : MatchReport

    Returns
    -------
    numpy.ndarray, shape (8,)
        What the cosine says, times the root of the number of spots; spots that are not
        explained; their part of the amplitude; the part of the amplitude that is
        missing; logarithms of the number of reflections that a smaller cell would not
        have, and of the width, since broad templates fit more; deviations of positions
        times the root of the number of spots; dimensions that spots do not show.
    """
    root = min(max(report.n_spots, 1), _MOST_SPOTS) ** 0.5
    return np.array(
        [
            _gain(cosine) * root,
            min(report.n_unexplained, _MOST_UNEXPLAINED),
            report.unexplained_amplitude,
            report.missing_amplitude,
            np.log1p(report.n_off),
            np.log(width / EXCITATION_WIDTH),
            report.deviation * root,
            3 - report.dimension,
        ]
    )


def weigh_none(cosine, report):
    """Return what the weights of none of the structures are multiplied with.

    Parameters
    ----------
    cosine : float
    report : MatchReport
        Of the best one.

    Returns
    -------
    numpy.ndarray, shape (6,)
        What the cosine says beside what it may reach, times the logarithm of the number
        of spots; what it may reach; the part of the amplitude that is not explained;
        deviations of positions; logarithm of the number of reflections that a smaller
        cell would not have; dimensions that spots do not show.
    """
    log_n = np.log(min(max(report.n_spots, 1), _MOST_SPOTS_NONE))
    attainable = max(report.attainable, _LEAST_ATTAINABLE)
    return np.array(
        [
            _gain(cosine / attainable) * log_n,
            attainable,
            report.unexplained_amplitude,
            report.deviation,
            np.log1p(report.n_off),
            3 - report.dimension,
        ]
    )


def none_log_odds(weighed, report):
    """Log odds that none of the structures is right, of one pattern.

    Parameters
    ----------
    weighed : numpy.ndarray, shape (6,)
        What :func:`weigh_none` returned of the best one.
    report : MatchReport
        Of the best one.

    Returns
    -------
    float
    """
    beyond = max(report.unexplained_amplitude - _MOST_LEFT, 0)
    share = report.n_expected / (report.n_expected + _PRESENT)
    beyond += max(share * report.missing_amplitude - _MOST_MISSING, 0)
    return float(weighed @ NONE + NONE_CONSTANT + _BEYOND * beyond)


def _gain(cosine):
    return -np.log(1 - min(float(cosine), _LARGEST_COSINE) ** 2)
