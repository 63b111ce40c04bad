"""What was found in a scan, gathered from its results for one page."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.signals._data_report import data_warnings, describe_faults
from hyperspy_4dphase.signals._domain_names import check_classes
from hyperspy_4dphase.signals._domain_patterns import check_whole
from hyperspy_4dphase.signals._domain_plots import pattern_options
from hyperspy_4dphase.signals._unresolved import list_unresolved

# Probability from which on a position is called sure.
SURE = 0.95


class DomainFacts(NamedTuple):
    """What is known of one domain.

    Attributes
    ----------
    label, n_positions : int
    fraction : float
        Its share of all probe positions.
    name : str
        As the user, or a structure, names it; empty where neither does.
    kind : str
        Vacuum, amorphous, crystalline or else; empty where not asked for.
    probability : float
        That it is of the structure it is named after; NaN without.
    others : list of str
        Structures that cannot be told from that one.
    euler : tuple of float
        Bunge's angles in degrees; NaN without.
    mean_confidence, sure : float
        Mean probability that a position of it is of it, and the share of positions for
        which this is at least 0.95. NaN where not asked for, or not resolved.
    """

    label: int
    n_positions: int
    fraction: float
    name: str
    kind: str
    probability: float
    others: list
    euler: tuple
    mean_confidence: float
    sure: float


@dataclass(frozen=True, eq=False)
class PhaseSummary:
    """What was found in a scan, in plain arrays and texts.

    Attributes
    ----------
    title : str
    labels : numpy.ndarray of int
        Of the navigation shape.
    rows : list of DomainFacts
        In the order of the domains.
    map_options, pattern_options : dict
        Extent and units of maps and of patterns.
    patterns : numpy.ndarray, shape (n_domains, *signal_shape), or None
        None where there is no scan to read them from.
    spots : list of Spots or None
        Of the template of each domain.
    confidence : numpy.ndarray, or None
        Of the navigation shape. None if not asked for.
    doubts : dict of str to numpy.ndarray
    phase_ids : numpy.ndarray of int, or None
    phase_names : list of str
    phase_colors : numpy.ndarray, shape (n_phases, 3)
    orientations : numpy.ndarray, shape (*navigation_shape, 3), or None
        Colours by the inverse pole figure along the beam.
    point_groups : dict of str to orix.quaternion.Symmetry
        Of the phases that have orientations, by which their colours are read.
    unresolved, warnings, data : list of str
        What could not be told, what of the data misleads, and what was left out.
    provenance : dict of str to dict
        Of each step.
    """

    title: str
    labels: np.ndarray
    rows: list
    map_options: dict
    pattern_options: dict
    patterns: np.ndarray | None = None
    spots: list = field(default_factory=list)
    confidence: np.ndarray | None = None
    doubts: dict = field(default_factory=dict)
    phase_ids: np.ndarray | None = None
    phase_names: list = field(default_factory=list)
    phase_colors: np.ndarray | None = None
    orientations: np.ndarray | None = None
    point_groups: dict = field(default_factory=dict)
    unresolved: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    data: list = field(default_factory=list)
    provenance: dict = field(default_factory=dict)

    @property
    def is_resolved(self):
        """bool: Whether it was asked how sure positions are, and it could be told."""
        return self.confidence is not None and not np.isnan(self.confidence).all()


def summarize(
    domains,
    confidence=None,
    classes=None,
    phases=None,
    *,
    names=None,
    compression=None,
    signal=None,
    title=None,
    show_progressbar=None,
):
    """Gather what the results of a scan say.

    Parameters
    ----------
    domains : DomainMap
    confidence : DomainConfidence, optional
        Of the same domains.
    classes : DomainClasses or sequence of str, optional
    phases : PhaseMap, optional
        Of the same domains.
    names : sequence of str, optional
        One for each domain. By default those of `phases`.
    compression : Compression, optional
        What tells of the data.
    signal, show_progressbar : optional
        As in :meth:`DomainMap.mean_patterns`.
    title : str, optional
        By default that of the map.

    Returns
    -------
    PhaseSummary

    Raises
    ------
    TypeError, ValueError
        If the map is a slice, or results are of other domains.
    """
    from hyperspy_4dphase.plot._checks import check_names

    _check_kinds_of_results(confidence, phases)
    check_whole(domains, "a summary")
    labels, n = domains.labels, domains.n_domains
    names = check_names(names, n, "")
    certainty = _find_certainty(confidence, labels, n)
    kinds = _check_kinds(classes, phases, n)
    if phases is not None:
        _check_phases(phases, labels, n)
    stored = domains._stored_map
    patterns = _find_patterns(domains, phases, signal, show_progressbar)
    title = domains.metadata.General.title if title is None else title
    resolved = confidence is not None and confidence.is_resolved
    return PhaseSummary(
        title=title,
        labels=labels,
        rows=_list_rows(labels, n, certainty, kinds, phases, names),
        map_options=domains._image_options(),
        pattern_options=pattern_options(stored.signal_axes, ""),
        patterns=patterns,
        spots=[None if phases is None else phases._template_spots(k) for k in range(n)],
        confidence=None if confidence is None else confidence._values,
        doubts=_find_doubts(confidence, labels.shape) if resolved else {},
        **_find_phases(phases, n),
        unresolved=list_unresolved(domains, confidence, kinds, phases),
        warnings=[] if compression is None else data_warnings(compression),
        data=[]
        if compression is None
        else [line.strip() for line in describe_faults(compression)],
        provenance=_gather_provenance(domains, confidence, phases),
    )


def _check_kinds_of_results(confidence, phases):
    """Refuse what is no result of the right kind."""
    from hyperspy_4dphase.signals.domain_confidence import DomainConfidence
    from hyperspy_4dphase.signals.phase_map import PhaseMap

    for name, value, kind, maker in (
        ("confidence", confidence, DomainConfidence, "s.domain_confidence(domains)"),
        ("phases", phases, PhaseMap, "domains.identify()"),
    ):
        if not (value is None or isinstance(value, kind)):
            raise TypeError(
                f"{name} must be a {kind.__name__}, as {maker} gives, or None, not "
                f"{type(value).__name__}."
            )


def _find_certainty(confidence, labels, n_domains):
    """The probability that each position is of its domain, or None."""
    if confidence is None:
        return None
    own = confidence.at_threshold(0).labels
    fits = own.shape == labels.shape and confidence.n_domains == n_domains
    if fits:
        both = (own >= 0) & (labels >= 0)
        fits = (own == labels)[both].mean() > 0.5 if both.any() else True
    if not fits:
        raise ValueError(
            "confidence is of other domains than this map. "
            "s.domain_confidence(domains) is of these; the domains that it is of are "
            "confidence.domains."
        )
    values = confidence._values
    posterior = np.asarray(confidence.posterior.data).reshape(-1, n_domains)
    chosen = posterior[np.arange(labels.size), np.maximum(labels.ravel(), 0)]
    return np.where(own == labels, values, chosen.reshape(labels.shape))


def _check_kinds(classes, phases, n_domains):
    """The class of each domain as a list of str, or None."""
    if classes is None:
        return None if phases is None else list(phases.classes)
    return check_classes(classes, n_domains)


def _check_phases(phases, labels, n_domains):
    found = phases._domain_labels()
    is_same = len(phases.classes) == n_domains and np.array_equal(
        found.ravel(), labels.ravel()
    )
    if not is_same:
        raise ValueError(
            "phases are of other domains than this map: domains.identify() names "
            "these; the domains that they are of are phases.domains."
        )


def _find_patterns(domains, phases, signal, show_progressbar):
    """Mean patterns: what is known, read only where nothing is."""
    stored = domains._stored_map
    kept = [stored.array("mean_patterns")]
    for result in (domains, phases):
        inner = None if result is None else result._stored_map.get("inner")
        kept.append(None if inner is None else inner["means"])
    kept = [means for means in kept if means is not None]
    if signal is None and kept:
        means = kept[0]
    elif signal is not None or domains.scan is not None:
        means = domains._means(signal, show_progressbar)[0]
    else:
        return None
    return np.asarray(means).reshape(-1, *stored.signal_shape)


def _list_rows(labels, n_domains, certainty, kinds, phases, names):
    report = [None] * n_domains if phases is None else phases.report()
    rows = []
    for label, row in enumerate(report):
        inside = labels == label
        sure = np.full(1, np.nan) if certainty is None else certainty[inside]
        sure = sure[np.isfinite(sure)]
        name = names[label]
        if row is not None and not name and row.phase != "not indexed":
            name = row.phase
        rows.append(
            DomainFacts(
                label=label,
                n_positions=int(inside.sum()),
                fraction=float(inside.mean()),
                name=name,
                kind="" if kinds is None else kinds[label],
                probability=np.nan if row is None else row.probability,
                others=[] if row is None else [x for x in row.set if x != row.phase],
                euler=(np.nan,) * 3 if row is None else row.euler,
                mean_confidence=float(sure.mean()) if sure.size else np.nan,
                sure=float((sure >= SURE).mean()) if sure.size else np.nan,
            )
        )
    return rows


def _find_doubts(confidence, shape):
    return {k: np.asarray(v.data).reshape(shape) for k, v in confidence.doubts.items()}


def _find_phases(phases, n_domains):
    if phases is None:
        return {}
    from hyperspy_4dphase.plot._palette import domain_colors

    names = phases.names
    has_orientations = np.isfinite(phases.quaternions).any()
    # No colour is to mean a domain here and a phase there.
    colors = domain_colors(n_domains + len(names))[n_domains:]
    return {
        "phase_ids": phases.phase_ids,
        "phase_names": names,
        "phase_colors": colors,
        "orientations": phases._orientation_colors("z") if has_orientations else None,
        "point_groups": phases._point_groups() if has_orientations else {},
    }


def _gather_provenance(domains, confidence, phases):
    made = {"domains": domains, "confidence": confidence, "phases": phases}
    found = {
        name: result.provenance for name, result in made.items() if result is not None
    }
    settings = None if phases is None else phases.settings
    if settings:
        found["settings of naming"] = settings
    return {name: record for name, record in found.items() if record}
