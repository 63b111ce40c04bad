"""How much the probe of a scan blurs the borders of its domains.

A probe that is wider than a position makes a step of every interface a slope. Judged as
in a sharp scan, it would be a bend.
"""

import numpy as np

from hyperspy_4dphase.estimators.domains._gradual import Borders
from hyperspy_4dphase.estimators.domains._jumps import measure_change
from hyperspy_4dphase.estimators.domains._steps import CERTAIN_STEP

# Sharpness of a scan whose probe is half a position wide (standard deviation). In 75
# simulated scans it was 0.66 to 1.3 with such a probe, mostly more than 0.75, 0.64 to
# 0.67 with one of 1.0 positions, 0.41 to 0.57 with 1.2, and 0.49 to 0.53 with 1.5.
# With 0.87 instead of 0.75 the mean Rand index of 34 blurred scans is the same (0.828
# and 0.825).
_SHARP = 0.75
# Fewest edges of a border that tells that there are interfaces. The sharpest
# contours of a bent crystal are as an interface is to a wide probe.
# In 12 scans of bent crystals alone no cut was a jump with such a step.
_LONG = 20


def find_blur(labels, field, steps):
    """Find how much a probe blurs the borders of a map.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        Of leaves of a tree; -1 where there is none.
    field : Field
        Of unit noise.
    steps : Steps
        Of the same points.

    Returns
    -------
    float
        How many times smaller changes next to borders are than in a sharp scan: 1 in a
        sharp one, and where no border is clearly one.
    """
    if not steps.sharpness < _SHARP:
        return 1.0
    pairs, ratios = steps.borders(labels)
    borders = Borders(field)
    for pair in np.unique(pairs, axis=0):
        own = ratios[(pairs == pair).all(axis=1)]
        if len(own) < _LONG or steps.summarize(own) < CERTAIN_STEP:
            continue
        pair = tuple(pair)
        is_known = np.isfinite(borders.measure(labels, pair))
        if is_known and measure_change(labels, pair, field).is_jump:
            return _SHARP / steps.sharpness
    return 1.0
