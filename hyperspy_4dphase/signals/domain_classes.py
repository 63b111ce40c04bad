"""What `DomainMap.classify` returns: a class for each domain, as a table."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.crystallinity import CLASSES, UNKNOWN

# Fewer counts outside the direct beam than this tell little of a pattern.
_FEW_COUNTS = 1000


class DomainClass(NamedTuple):
    """What one domain is.

    Attributes
    ----------
    label : int
        Of the domain.
    size : int
        Its probe positions.
    name : str
        ``"vacuum"``, ``"amorphous"``, ``"crystalline"``, ``"mixed"`` or ``"unknown"``.
    probabilities : dict of str to float
        Of the first four; their sum is 1.
    spot_fraction, spot_error : float
        Fraction of the counts outside the direct beam that is in spots, and its
        standard deviation. NaN without such counts.
    reason : str
        What was seen.
    """

    label: int
    size: int
    name: str
    probabilities: dict
    spot_fraction: float
    spot_error: float
    reason: str


class DomainClasses(Sequence):
    """The class of each domain of a map; ``print`` shows a table.

    Parameters
    ----------
    rows : sequence of DomainClass
        In the order of the domains.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
    >>> classes = domains.classify()
    >>> classes.names, classes[0].size
    (['amorphous', 'amorphous', 'vacuum'], 87)
    """

    def __init__(self, rows):
        self._rows = tuple(rows)

    @classmethod
    def from_patterns(cls, found, sizes):
        """Make a table of what was found in mean patterns.

        Parameters
        ----------
        found : PatternClasses
        sizes : numpy.ndarray of int, shape (n_domains,)

        Returns
        -------
        DomainClasses
        """
        return cls(
            DomainClass(
                label,
                int(size),
                found.names[label],
                dict(zip(CLASSES, map(float, found.probabilities[label]), strict=True)),
                float(found.spot_fractions[label]),
                float(found.spot_errors[label]),
                _explain(found.names[label], found.features[label]),
            )
            for label, size in enumerate(sizes)
        )

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, index):
        found = self._rows[index]
        return type(self)(found) if isinstance(index, slice) else found

    def __eq__(self, other):
        same_type = isinstance(other, DomainClasses)
        return self._rows == other._rows if same_type else NotImplemented

    __hash__ = None

    @property
    def names(self):
        """list of str: Class of each domain."""
        return [row.name for row in self]

    @property
    def probabilities(self):
        """numpy.ndarray, shape (n_domains, 4): Of vacuum, amorphous, crystalline, \
mixed."""
        rows = [[row.probabilities[name] for name in CLASSES] for row in self]
        return np.array(rows).reshape(-1, len(CLASSES))

    @property
    def spot_fractions(self):
        """numpy.ndarray, shape (n_domains,): Counts in spots, outside the beam."""
        return np.array([row.spot_fraction for row in self])

    def __repr__(self):
        header = ["domain", "positions", "class", *CLASSES, "in spots", "reason"]
        rows = [header]
        for row in self:
            chances = [f"{row.probabilities[name]:.2f}" for name in CLASSES]
            spots = f"{100 * row.spot_fraction:.1f} ± {100 * row.spot_error:.1f} %"
            spots = spots if np.isfinite(row.spot_fraction) else "-"
            rows.append([str(row.label), str(row.size), row.name])
            rows[-1] += [*chances, spots, row.reason]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(
                cell.ljust(width) for cell, width in zip(row, widths, strict=True)
            )
            for row in rows
        )
        return "\n".join(line.rstrip() for line in lines)


def _explain(name, features):
    """Say what of a pattern speaks for its class."""
    said = []
    counts, scattered = features.counts, features.scattered
    if np.isnan(scattered):
        said.append("direct beam hidden")
    elif name in ("vacuum", UNKNOWN):
        said.append(f"{100 * scattered:.2g} % of the counts outside the direct beam")
    if name != "vacuum":
        seen = 100 * features.spots
        said.append(f"{seen:.2g} % of these in spots" if seen else "no spots")
        halo = 100 * features.halo
        said.append(f"{halo:.2g} % of what is smooth in halos")
    if counts < _FEW_COUNTS:
        said.append(f"only {counts:.0f} counts outside the beam")
    return ", ".join(said)
