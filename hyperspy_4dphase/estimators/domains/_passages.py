"""Borders across which two leaves of a tree go over into one another.

A split cuts what bends, or grows thicker, as it cuts domains apart. At the border of
two pieces of one domain there is no step, and no gap between their patterns; the change
goes on beyond it. The clearest of such borders goes first: a large piece tells better
what its other borders are.
"""

from dataclasses import dataclass, field

import numpy as np

from hyperspy_4dphase.estimators.domains._blur import find_blur
from hyperspy_4dphase.estimators.domains._gradual import LEAST, Borders
from hyperspy_4dphase.estimators.domains._jumps import measure_change
from hyperspy_4dphase.estimators.domains._steps import CERTAIN_STEP

# Where a bend explains the border, so much of the change may be next to it, more than
# where it is not known what does. Of 30 simulated scans, borders of true domains that
# are in between were no bends.
_MOST_BENT = 0.66
# A gap with few points parts crowds that mix over many positions only if less of the
# change than that is next to the border. Of 73 simulated scans, interfaces
# blurred by 1.5 to 3 positions had 0.36 to 0.50, fast bends that were cut 0.54 to 0.57.
_MOST_MIXED = 0.52
# A border is none, however the change goes on, if its step is less than that and there
# is no gap. Of 131 maps of simulated scans, surface layers of bent particles whose
# patterns left no gap had 1.86 or more, one of them 1.68; cuts through bent crystals
# 0.7 to 1.9. A short border with a larger step is none only if a bend explains it: in
# 13 scans of overlapping crystals 30 of 66 wrong joins were such borders without a
# bend, in 22 of bent particles 2 of 185 right ones.
_NO_STEP = 1.75
# A short border is none whatever gap there is if a jump explains so small a part of
# what a bend does: of a thin layer few positions are where its patterns change fast. In
# 67 simulated scans of bent particles, bent grains beside each other and overlapping
# particles, all but one of the short borders below that were in one domain.
_SURELY_BENT = 0.2
# One where the change goes on beyond it is none if there is no gap and a jump explains
# no more than that, however little of the change that is. Of the same scans 5 of 5
# such borders were in one domain, and up to 0.45 10 of 10; but parts of overlapping
# particles, before they had grown, were joined with the latter.
_PERHAPS_BENT = 0.33
# Where only means of neighbours show the patterns' gap, so much of the change may be
# next to a border that is none. In the same maps cuts through bent crystals had 0.43 to
# 0.58, two glasses and grains that differ by strain 0.56 or more.
_MOST_POOLED = 0.54


@dataclass
class _Passage:
    """A border that may be none.

    Attributes
    ----------
    leaves : tuple of Node
    ratio : float
        What a jump there explains over what a bend does.
    is_gradual : bool
        Whether the change goes on beyond the border.
    is_wide : bool
        Whether there may be an interface that is mixed over many positions.
    is_faint : bool
        Whether there is no step, or a faint one where the change goes on.
    is_short : bool
        Whether it is so short that there may be a step where patterns bend, and they
        may.
    is_bend : bool
        Whether a bend explains it.
    """

    leaves: tuple
    ratio: float
    is_gradual: bool
    is_wide: bool
    is_faint: bool
    is_short: bool
    is_bend: bool
    _gap: tuple = field(default=None, init=False)

    def is_open(self, find_gap):
        """Whether no gap stands against it."""
        has_gap, is_clear = self._look(find_gap)
        # Of many mixtures some may look like a path. Of a bend as even as that, there
        # would be more.
        has_gap |= is_clear and (self.is_wide or not self.is_gradual)
        return self.is_faint and not has_gap

    def is_bent(self, find_gap):
        """Whether its leaves may be joined once nothing better is found."""
        if not self.is_short or (self.is_bend and self.ratio < _SURELY_BENT):
            return self.is_short
        has_gap, is_clear = self._look(find_gap)
        return not is_clear and (self.is_bend or not has_gap)

    def _look(self, find_gap):
        if self._gap is None:
            self._gap = find_gap(*self.leaves)
        return self._gap


class Passages:
    """Borders of leaves that may be none, each judged once.

    Parameters
    ----------
    points : Field
        Of unit noise.
    steps : Steps
        Of the same points.
    is_border : callable
        Whether a step is one of a border.

    Attributes
    ----------
    blur : float or None
        See :func:`find_blur`: of the first leaves among which borders were sought.
    """

    def __init__(self, points, steps, is_border):
        self._field, self._steps, self._is_border = points, steps, is_border
        self.blur, self._borders = None, None
        self._judged = {}

    def find(self, leaves, labels, find_gap):
        """Find the border of two leaves that is most like none.

        Parameters
        ----------
        leaves : list of Node
        labels : numpy.ndarray of int, shape (n,)
            Number of the leaf of each point; -1 where there is none.
        find_gap : callable
            Called as ``find_gap(one, other)``: whether there is a gap that is no path,
            and whether there is one with few points, be it a path.

        Returns
        -------
        tuple of Node, or None
        """
        if self.blur is None:
            self.blur = find_blur(labels, self._field, self._steps)
            self._borders = Borders(self._field, self.blur)
        pairs, ratios = self._steps.borders(labels)
        found = []
        for pair in np.unique(pairs, axis=0):
            one, other = (leaves[i] for i in pair)
            name = one, other, one.rows.size, other.rows.size
            if name not in self._judged:
                own = ratios[(pairs == pair).all(axis=1)]
                passage = self._judge(labels, tuple(pair), own, (one, other))
                self._judged[name] = passage
            if self._judged[name] is not None:
                found.append(self._judged[name])
        found.sort(key=lambda passage: passage.ratio)
        for is_none in (_Passage.is_open, _Passage.is_bent):
            for passage in found:
                if is_none(passage, find_gap):
                    return passage.leaves
        return None

    def _judge(self, labels, pair, ratios, leaves):
        """The border, unless it is clear that it is one."""
        is_few = self._steps.is_short(len(ratios))
        step = self._steps.summarize(ratios)
        if not is_few:
            step = min(step, self._measure_step(labels, pair))
        share = self._borders.measure(labels, pair)
        change = measure_change(labels, pair, self._field)
        is_whole = not any(leaf.pooled for leaf in leaves)
        is_bend = change.is_bend and share < _MOST_BENT
        # However little is known of how the change goes on.
        is_none = change.is_bend or (not is_few and step < _NO_STEP)
        is_none &= is_whole and step < CERTAIN_STEP and not change.is_jump
        is_gradual = share < (LEAST if is_whole else _MOST_POOLED)
        is_gradual |= is_whole and is_bend
        # A few edges look gradual where two overlapping crystals fade, too.
        is_gradual &= not is_few or step < _NO_STEP or change.is_bend
        is_faint = is_none or (is_gradual and step < CERTAIN_STEP)
        # Of few edges, those of a fast bend are high.
        goes_on = share < _MOST_BENT and change.ratio < _PERHAPS_BENT
        is_bend |= is_few and change.is_bend and change.ratio < _SURELY_BENT
        is_short = is_few and (is_bend or goes_on)
        if not is_faint and not is_short:
            return None
        is_wide = share < _MOST_MIXED and self._is_border(step)
        kinds = is_gradual, is_wide, is_faint, is_short, is_bend
        return _Passage(leaves, change.ratio, *kinds)

    def _measure_step(self, labels, pair):
        """The step between two leaves, away from what else is beside their border."""
        rows = np.flatnonzero(np.isin(labels, pair))
        return self._steps.take(rows).measure_border(labels[rows] == pair[1])
