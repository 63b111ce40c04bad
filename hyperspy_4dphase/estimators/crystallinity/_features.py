"""What a mean pattern shows of beam, rings and spots, against its noise."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators.crystallinity._halo import measure_halo
from hyperspy_4dphase.estimators.crystallinity._smooth import (
    SmoothPart,
    fit_smooth,
    make_disc,
    significance,
    sum_discs,
)

# The direct beam ends at so many half widths of it, and so many pixels more: there a
# probe's disc, its edge blurred by a pixel, is down to its tails.
BEAM_WIDTHS, BEAM_EDGE = 1.5, 2.0
# Half width in pixels of spots where the direct beam, which is as wide, is hidden.
USUAL_HALF_WIDTH = 1.5
# Share of the pixels within 3 of the centre that must be there to see the beam.
SEEN_SHARE = 0.25
# Excess over a ring that spots have, relative to it and in standard deviations of
# counting noise: above speckle, and above what one of 10,000 discs has by chance.
SPOT_CONTRAST, SPOT_SURE = 0.3, 4.0
# Excess of a disc over that of the one that meets a spot best, from which on it counts
# as in the spot: half of it is missed where it is off by most of its radius.
SPOT_MIDDLE = 0.5
# Patterns without spots that are drawn to learn what chance does.
N_DRAWS = 16
_N_CENTRINGS = 3
# Counts of a pixel above which drawing them changes nothing.
_MOST_COUNTS = 1e12


class Features(NamedTuple):
    """What tells vacuum, amorphous and crystalline patterns apart.

    Attributes
    ----------
    counts : float
        Counts outside the direct beam: what there is to tell from.
    scattered : float
        Fraction of all counts outside the direct beam; NaN where that is hidden.
    spots : float
        Fraction of the counts outside the beam that is in spots: of few counts, in the
        plainest ones.
    spots_error : float
        Its standard deviation; NaN without counts.
    peak : float
        Largest excess over a ring, in standard deviations of counting, above what is
        largest by chance.
    excess : float
        Variation on rings above that of counting, in standard deviations of chance.
    outlier : float
        The plainest disc in units of how all discs scatter about their rings: large
        where a few spots stand out, near 4 where everything scatters, as with noise or
        speckle.
    contrast : float
        Logarithm of 1 plus the excess of the plainest disc relative to its ring, two
        standard deviations of noise taken off.
    halo : float
        Fraction of what is smooth in azimuth that halos hold.
    halo_gain : float
        Square root of the fall of chi squared of the radial profile due to halos.
    """

    counts: float
    scattered: float
    spots: float
    spots_error: float
    peak: float
    excess: float
    outlier: float
    contrast: float
    halo: float
    halo_gain: float


class Measurement(NamedTuple):
    """Features, and where they were found.

    Attributes
    ----------
    features : Features
    part : SmoothPart
    spots : numpy.ndarray of bool, shape (n_ky, n_kx)
        Pixels of spots.
    outside : numpy.ndarray of bool, shape (n_ky, n_kx)
        Pixels that are used and outside the direct beam.
    """

    features: Features
    part: SmoothPart
    spots: np.ndarray
    outside: np.ndarray


class Beam(NamedTuple):
    """The direct beam.

    Attributes
    ----------
    end : float
        Radius in pixels beyond which there is none of it but tails.
    half_width : float
        Radius in pixels at which it has half of its height, as spots have.
    is_seen : bool
    """

    end: float
    half_width: float
    is_seen: bool


def find_beam(counts, used, center):
    """Find the direct beam.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_ky, n_kx)
    used : numpy.ndarray of bool, shape (n_ky, n_kx)
    center : array_like, shape (2,)

    Returns
    -------
    Beam
    """
    rows, columns = np.indices(counts.shape)
    ring = np.hypot(rows - center[0], columns - center[1]).astype(int)
    n_all = np.bincount(ring.ravel())
    n = np.bincount(ring[used], minlength=len(n_all))
    profile = np.bincount(ring[used], counts[used], len(n_all)) / np.maximum(n, 1)
    inner = profile[: max(min(counts.shape) // 4, 4)]
    top = inner[:3].max()
    # Spots may be brighter, but there is a gap between them and the beam.
    gap = inner[2 : max(inner.argmax(), 2) + 1].min()
    is_seen = n[:3].sum() >= SEEN_SHARE * n_all[:3].sum() and (
        inner.argmax() <= 2 or top >= 2 * gap
    )
    if not (is_seen and top > 0):
        there = np.flatnonzero(n >= 0.5 * n_all)
        first = there[0] if there.size else 0
        return Beam(first + BEAM_EDGE, USUAL_HALF_WIDTH, False)
    below = np.flatnonzero(inner < 0.5 * top)
    if not below.size:
        return Beam(len(inner) / 2, USUAL_HALF_WIDTH, False)
    k = below[0]
    upper = inner[max(k - 1, 0)]
    inside = (0.5 * top - inner[k]) / max(upper - inner[k], 1e-12)
    half = float(np.clip(k + 0.5 - inside, 0.7, len(inner)))
    return Beam(BEAM_WIDTHS * half + BEAM_EDGE, half, True)


def draw_to_beam(counts, used, center):
    """Move a centre to the centre of mass of the direct beam, where that is seen whole.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_ky, n_kx)
    used : numpy.ndarray of bool, shape (n_ky, n_kx)
    center : array_like, shape (2,)

    Returns
    -------
    numpy.ndarray, shape (2,)
    """
    start = center = np.asarray(center, float)
    places = np.indices(counts.shape, dtype=float)
    for _ in range(_N_CENTRINGS):
        beam = find_beam(counts, used, center)
        distance = np.hypot(*(places - center[:, np.newaxis, np.newaxis]))
        near = distance <= beam.half_width + BEAM_EDGE
        mass = counts[near].sum()
        # With pixels missing on one side, the other would draw the centre away.
        if not beam.is_seen or not used[near].all() or mass <= 0:
            return start
        center = (places[:, near] * counts[near]).sum(axis=1) / mass
    # A spot that is brighter than the beam may do so as well.
    moved = np.hypot(*(center - start))
    return center if moved <= beam.end else start


def measure_features(counts, used, center, readout=0.0, seed=0):
    """Measure what a mean pattern shows.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_ky, n_kx)
        Sums of patterns in electrons: of variance ``counts + readout``.
    used : numpy.ndarray of bool, shape (n_ky, n_kx)
    center : array_like, shape (2,)
    readout : float, default 0
    seed : int, default 0
        Of what is drawn.

    Returns
    -------
    Measurement
    """
    center = draw_to_beam(counts, used, center)
    beam = find_beam(counts, used, center)
    disc = make_disc(beam.half_width)
    part = fit_smooth(counts, used, center, beam.end, disc, readout)
    outside = used & (part.radius > beam.end)
    n_out, total = counts[outside].sum(), counts[used].sum()
    scattered = n_out / total if beam.is_seen and total > 0 else np.nan
    if n_out <= 0:
        none = Features(0.0, scattered, 0.0, np.nan, *[0.0] * 6)
        return Measurement(none, part, np.zeros_like(used), outside)
    discs = _Discs(counts, part.model, outside, disc, readout)
    peak, excess = _compare_with_chance(discs, seed)
    bright = discs.find_bright()
    around = ndimage.binary_dilation(bright, disc) & outside
    above = max((counts - part.model)[around].sum(), 0.0)
    variance = (counts + part.model + readout)[around].sum() + 1
    features = Features(
        counts=float(n_out),
        scattered=float(scattered),
        spots=float(above / n_out),
        spots_error=float(np.sqrt(variance) / n_out),
        peak=peak,
        excess=excess,
        outlier=discs.outlier(),
        contrast=discs.contrast(),
        **measure_halo(part, outside, counts, beam.end, readout)._asdict(),
    )
    return Measurement(features, part, discs.find_spots(bright), outside)


class _Discs:
    """Sums over discs about all pixels, and what the rings make expect of them."""

    def __init__(self, counts, model, outside, disc, readout):
        self.model, self.outside, self.disc = model, outside, disc
        self.readout = readout
        self.area = self._sum(np.ones_like(counts))
        self.expected = self._sum(model)
        self.noise = self.area * readout
        self.whole = outside & (self.area >= 0.5 * disc.sum())
        self.sums = self._sum(counts)
        self.sure = significance(self.sums, self.expected, self.noise)

    def _sum(self, image):
        return sum_discs(np.where(self.outside, image, 0), self.disc)

    def statistics(self, sums, sure):
        """Largest significance, and what scatter there is above that of counting."""
        variance = self.expected + self.noise + 0.1
        scatter = ((sums - self.expected) ** 2 - sums - self.noise) / variance
        return sure[self.whole].max(initial=0), scatter[self.whole].sum()

    def draw(self, rng):
        """Draw a pattern that has rings only, and give its statistics.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        float, float
            As of :meth:`statistics`.
        """
        drawn = rng.poisson(np.minimum(self.model, _MOST_COUNTS)).astype(float)
        if self.readout:
            drawn += rng.normal(0, np.sqrt(self.readout), drawn.shape)
        sums = self._sum(drawn)
        return self.statistics(sums, significance(sums, self.expected, self.noise))

    def find_bright(self):
        """Middles of discs that stand out of their ring."""
        relative = (self.sums - self.expected) / np.maximum(self.expected, 1e-9)
        return self.whole & (self.sure > SPOT_SURE) & (relative > SPOT_CONTRAST)

    def find_spots(self, bright):
        """Pixels of the spots that bright discs meet, without those that only touch."""
        above = self.sums - self.expected
        top = ndimage.maximum_filter(above, footprint=self.disc)
        middle = bright & (above >= SPOT_MIDDLE * top)
        return ndimage.binary_dilation(middle, self.disc) & self.outside

    def outlier(self):
        """Largest significance in units of its usual scatter, which noise makes 1."""
        sure = self.sure[self.whole]
        if not sure.size:
            return 0.0
        scatter = 1.4826 * np.median(np.abs(sure - np.median(sure)))
        return float(sure.max() / max(scatter, 1.0))

    def contrast(self):
        """Relative excess of the plainest disc, its noise taken off."""
        noise = np.sqrt(np.maximum(self.sums, 0) + self.noise + 1)
        above = self.sums - self.expected - 2 * noise
        relative = above / np.maximum(self.expected + 1, 1)
        return float(np.log1p(max(relative[self.whole].max(initial=0), 0)))


def _compare_with_chance(discs, seed):
    """Largest significance and scatter above those of patterns of rings only."""
    rng = np.random.default_rng(seed)
    chance = np.array([discs.draw(rng) for _ in range(N_DRAWS)])
    peak, scatter = discs.statistics(discs.sums, discs.sure)
    spread = max(chance[:, 1].std(ddof=1), 1e-9)
    return float(peak - chance[:, 0].mean()), float(
        (scatter - chance[:, 1].mean()) / spread
    )
