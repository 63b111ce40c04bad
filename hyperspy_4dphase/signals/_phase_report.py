"""What each domain of a map of phases is, as a table."""

from typing import NamedTuple

import numpy as np

_HEADER = (
    "domain",
    "positions",
    "class",
    "phase",
    "probability",
    "Euler angles (°)",
    "cosine",
    "unexplained",
    "missing",
    "spots",
    "cannot be told from",
)


class PhaseRow(NamedTuple):
    """What one domain is.

    Attributes
    ----------
    domain, n_positions : int
    kind : str
        Vacuum, amorphous, crystalline or else.
    phase : str
        Name, or ``"not indexed"``.
    probability : float
        That it is of this structure; NaN where it was not compared.
    set : list of str
        Structures that cannot be told apart, the most probable first.
    euler : tuple of float
        Bunge's angles in degrees, from the sample to the crystal; NaN without.
    cosine, unexplained, missing : float
        See :attr:`PhaseMap.scores`.
    n_spots, n_explained : float
        Spots that the pattern shows, and those of them that the structure explains.
    margin : float
        By how much its cosine exceeds that of the next structure, relative to it.
    reason : str
        In words.
    """

    domain: int
    n_positions: int
    kind: str
    phase: str
    probability: float
    set: list
    euler: tuple
    cosine: float
    unexplained: float
    missing: float
    n_spots: float
    n_explained: float
    margin: float
    reason: str


class PhaseReport(list):
    """Rows of :class:`PhaseRow`, which print as a table."""

    def __repr__(self):
        rows = [_HEADER, *(_format(row) for row in self)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                text.ljust(width) for text, width in zip(row, widths, strict=True)
            )
            for row in rows
        ]
        notes = [f"domain {row.domain}: {row.reason}" for row in self if row.reason]
        return "\n".join([line.rstrip() for line in lines] + notes)


def report_phases(phases):
    """List what each domain of a map of phases is.

    Parameters
    ----------
    phases : PhaseMap

    Returns
    -------
    PhaseReport
    """
    from orix.quaternion import Rotation

    names, every = phases._stored.names, phases.names
    labels = phases._domain_labels()
    scores = {name: phases._choose_scores(name) for name in phases.scores}
    quaternions = phases.quaternions
    rows = PhaseReport()
    for domain, phase in enumerate(names.phase):
        q, euler = quaternions[domain], (np.nan,) * 3
        if np.isfinite(q).all():
            euler = tuple(Rotation(q).to_euler(degrees=True).ravel().tolist())
        rows.append(
            PhaseRow(
                domain=domain,
                n_positions=int(np.count_nonzero(labels == domain)),
                kind=names.kind[domain],
                phase=every[phase] if phase >= 0 else "not indexed",
                set=phases.sets[domain],
                euler=euler,
                margin=float(names.margin[domain]),
                reason=names.reason[domain],
                **{name: float(values[domain]) for name, values in scores.items()},
            )
        )
    return rows


def _format(row):
    """The texts of one line of the table.

    Returns
    -------
    tuple of str
        One for each column of `_HEADER`.
    """
    others = [name for name in row.set if name != row.phase]
    return (
        str(row.domain),
        str(row.n_positions),
        row.kind,
        row.phase,
        _number(row.probability, ".2f"),
        "--"
        if np.isnan(row.euler[0])
        else "({:.1f}, {:.1f}, {:.1f})".format(*row.euler),
        _number(row.cosine, ".3f"),
        _number(row.unexplained, ".1%"),
        _number(row.missing, ".1%"),
        "--" if np.isnan(row.n_spots) else f"{row.n_explained:.0f}/{row.n_spots:.0f}",
        ", ".join(others) or "--",
    )


def _number(value, form):
    return "--" if np.isnan(value) else format(value, form)
