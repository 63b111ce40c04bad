"""What the scan around each position says of a split that patterns alone suggest."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.domains._bridges import is_bridged
from hyperspy_4dphase.estimators.domains._directions import (
    discriminate,
    measure_agreement,
)
from hyperspy_4dphase.estimators.domains._field import Field, average_alike
from hyperspy_4dphase.estimators.domains._inclusions import find_inclusions
from hyperspy_4dphase.estimators.domains._splits import find_local_points
from hyperspy_4dphase.estimators.domains._steps import LEAST_STEP, measure_steps
from hyperspy_4dphase.estimators.domains._valley import find_valley

# Fewest points of a part in means of neighbours.
_FEWEST = 5
# A gap that neighbours confirm has this score at most, at the same place: so much
# of the smaller part overlaps. Where 60 scans were cut along noise, it overlapped by
# 0.02 to 0.26; where two crowds were parted, by 0.9 and more.
_MAX_LOG_P = -2.0
_MIN_AGREEMENT = 0.8
# A gap with a higher score, that is so full, is weak, and must be one in space too: of
# the smaller part no more than the last may lie scattered among the other. Of true
# parts 0.05 did at most, of 12 cuts along noise 0.39 and more.
_WEAK_LOG_P, _WEAK_SHARE, _MAX_SCATTER = -15.0, 0.25, 0.1
# Positions across a scan from which on a step along a whole border is no chance. Of 36
# bent crystals each, 300 to 60 positions long, those of 4, 8, 10, 14 and 20 positions
# across were cut by steps in 94, 47, 11, 3 and 0 %. In narrower ones steps must be as
# many times larger. Of 272 bent crystals 4 to 11 across, 36 are cut so, and 36 if steps
# part nothing; of 64 scans of two to four grains, 8 to 14 across, 60 are right, and 29.
_NARROWEST = 12


class Verdict(NamedTuple):
    """What is thought of a split.

    Attributes
    ----------
    stands : bool
    reason : str
        ``"split"``, else why it does not: ``"no gap"`` or ``"continuum"``.
    step : float
        Of the border between its parts.
    """

    stands: bool
    reason: str
    step: float


class Evidence:
    """The steps of a scan, and the neighbours of each point.

    Parameters
    ----------
    shapes : Shapes
        With positions.
    random_state : numpy.random.RandomState
    known : Evidence, optional
        Of another exposure of the same scan, whose inclusions are taken.

    Attributes
    ----------
    exists : bool
        Whether there is anything but noise. If not, there are no other attributes.
    inclusions : numpy.ndarray of int, shape (n,)
        Kind of the thin inclusion at each point, -1 where there is none.
    is_rim : numpy.ndarray of bool, shape (n,)
        Where an inclusion is less than half of what it is nearby.
    steps : Steps
        Of what is left without inclusions.
    least_step : float
        That of a border: more where the scan is narrow.
    points : numpy.ndarray, shape (n, n_directions)
        All points in the directions in which any differ, of unit noise.
    """

    def __init__(self, shapes, random_state, known=None):
        rows = np.flatnonzero(shapes.known)
        points = find_local_points(shapes.points[rows], shapes.noise(rows))
        self.exists = points.shape[1] > 0
        if not self.exists:
            return
        field = Field(points, shapes.positions[rows])
        if known is None:
            kinds, cleaned, is_rim = find_inclusions(field, random_state)
            self.inclusions = np.full(len(shapes.points), -1)
            self.is_rim = np.zeros(len(shapes.points), bool)
            self.inclusions[rows], self.is_rim[rows] = kinds, is_rim
        else:
            self.inclusions, self.is_rim, cleaned = (
                known.inclusions,
                known.is_rim,
                points,
            )
        self.steps = measure_steps(Field(cleaned, field.positions))
        self.least_step = LEAST_STEP * max(_NARROWEST / self.steps.width, 1)
        all_points = np.zeros((len(shapes.points), points.shape[1]), points.dtype)
        all_points[rows] = points
        self.points = all_points
        self.steps.positions = shapes.positions - shapes.positions[rows].min(axis=0)

    def judge(
        self,
        rows,
        points,
        split,
        random_state,
        pooled=False,
        by_step=True,
        **options,
    ):
        """Judge a split by the neighbours of its points, and the steps of its border.

        A cut along noise shows in single points only: where neighbours are averaged,
        the gap is filled. A cut of a path that noise has blurred shows as one in their
        means, which have less noise; it may be a border yet if there is a step.

        Parameters
        ----------
        rows : numpy.ndarray of int
            Of the points.
        points : numpy.ndarray, shape (n, n_features)
            In the directions in which they differ.
        split : Split
        random_state : numpy.random.RandomState
        pooled : bool, optional
            Whether it was found in means already, which have shown that it is no path.
        by_step : bool, optional
            Whether a step tells a border from the cut of a path.
        **options
            Those of :func:`is_bridged`.

        Returns
        -------
        Verdict
        """
        steps = self.steps.take(rows)
        step = steps.measure_border(split.side)
        if not points.shape[1]:
            return Verdict(True, "split", step)
        means = average_alike(Field(points, steps.positions))
        direction = discriminate(points, split.side)
        # Averages of about nine have so much less noise.
        means = means.points / np.sqrt(np.median(means.variance)).astype(np.float32)
        values = means @ direction
        valley = find_valley(values, _FEWEST)
        if valley is None or valley.log_p > _MAX_LOG_P:
            return Verdict(False, "no gap", step)
        if measure_agreement(values > valley.cut, split.side) < _MIN_AGREEMENT:
            return Verdict(False, "no gap", step)
        is_weak = split.log_p > _WEAK_LOG_P and split.share > _WEAK_SHARE
        if is_weak and steps.measure_scatter(split.side) > _MAX_SCATTER:
            return Verdict(False, "no gap", step)
        if pooled or (by_step and self.is_border(step)):
            return Verdict(True, "split", step)
        if is_bridged(means, values, valley, random_state, **options):
            return Verdict(False, "continuum", step)
        return Verdict(True, "split", step)

    def is_border(self, step):
        """Whether a step is one of a border: in a narrow scan it must be the larger."""
        return bool(step >= self.least_step)

    def has_steps(self, rows):
        """Whether there is any step within some points, not only to others."""
        steps = self.steps.take(rows)
        inside = steps.clear[tuple(steps.positions.T)]
        largest = steps.of_positions()[inside].max(initial=0)
        return self.is_border(largest)
