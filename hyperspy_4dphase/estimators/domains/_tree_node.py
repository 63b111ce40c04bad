"""One node of a tree of domains, and what is known of it."""

from typing import NamedTuple

REASONS = (
    "split",
    "noise",
    "size",
    "no gap",
    "continuum",
    "depth",
    "n_domains",
    "by hand",
    "consensus",
)
"""Why a node is as it is; the tree holds indices into these.

``"split"``: it has parts. ``"noise"``: its patterns differ by no more than counting
noise. ``"size"``: too few patterns for two parts. ``"no gap"``: there is no valley
between any two parts, or not on both halves of the patterns. ``"continuum"``: the
patterns change all along a path. ``"depth"`` and ``"n_domains"``: as asked for. ``"by
hand"``: merged or split by the user. ``"consensus"``: what many maps of the scan agree
on.
"""

SCORES = "strength", "share", "log_p", "agreement", "step"
"""What is known of a split; NaN for nodes without one."""

TRAITS = "n_directions", "spread", "refused"
"""What is known of a domain; NaN for nodes with children, and where it is not known."""


# Spread from which on a domain is a continuum. In seven scans, one of them with jitter,
# 39 domains of vacuum, films, grains and a flake of many ripples have 0 to 0.83; one
# that overlaps another all over 1.6; parts of a bent layer 1.0, 1.2 and 2.8, and a bent
# crystal 8.5.
CONTINUUM_SPREAD = 1.0


class TreeNode(NamedTuple):
    """One node of a tree of domains.

    Attributes
    ----------
    number : int
        Its place in the tree; the root is 0, and parents come before children.
    parent : int
        Number of its parent, -1 for the root.
    children : tuple of int
    level : int
        0 for the root. Parts of parts that are as distinct as the parts themselves
        share a level.
    size : int
        Number of its patterns.
    label : int
        Of the domain, for a leaf; -1 for a node with children.
    strength : float
        How far its parts differ: distance of their mean patterns in standard deviations
        of the noise of one pattern, times the fractions of both parts. NaN for leaves.
    share : float
        Patterns between its parts, as a fraction of those of the smaller part:
        mixtures.
    log_p : float
        Score of the gap between its parts; the lower, the clearer. It compares splits.
        It is no probability, since it is the smallest of many gaps that were looked at.
    agreement : float
        Overlap (0 to 1) of the smaller part as found by independent halves of the
        patterns.
    step : float
        Change of the pattern across the border of its parts, in units of what is usual
        around there; NaN where it is not known where patterns are in the scan, infinite
        for parts that do not touch.
    n_directions : float
        Of a domain: in so many directions its patterns differ by more than counting
        noise, those of mixtures at its border included. 0 if they are all alike.
    spread : float
        Of a domain: standard deviation of its patterns along the direction in which
        most of them differ most, without that of noise, in units of this. Noise is what
        neighbours differ by, jitter of the detector included, but at least counting
        noise. Medians tell it, off the border if there are positions enough, so that
        mixtures do not count.
    refused : float
        Of a domain: score of the clearest gap within it that was not split, since it
        cuts a path along which patterns change. NaN if there is none.
    reason : str
        ``"split"``, or why it was not: see `REASONS`.
    """

    number: int
    parent: int
    children: tuple
    level: int
    size: int
    label: int
    strength: float
    share: float
    log_p: float
    agreement: float
    step: float
    n_directions: float
    spread: float
    refused: float
    reason: str

    @property
    def is_continuum(self):
        """bool: Whether it is a domain whose patterns change by more than noise.

        That is so if its `reason` is ``"continuum"``, or if its `spread` is at least 1:
        most of its patterns differ by as much as noise makes them differ. False for
        nodes with children, and where neither is known.
        """
        if self.label < 0:
            return False
        return self.reason == "continuum" or self.spread >= CONTINUUM_SPREAD
