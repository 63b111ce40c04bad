"""What the data of a scan do not tell, in sentences."""

from hyperspy_4dphase.signals._confidence_report import describe_confidence
from hyperspy_4dphase.signals._domain_report import describe_refused, why_not_split


def list_unresolved(domains, confidence, kinds, phases):
    """Sentences on what the data do not tell.

    Parameters
    ----------
    domains : DomainMap
    confidence : DomainConfidence or None
    kinds : list of str or None
        The class of each domain.
    phases : PhaseMap or None

    Returns
    -------
    list of str
    """
    lines, why = [], why_not_split(domains)
    if why:
        lines.append(f"The scan is one domain: {why}.")
    if confidence is None:
        lines.append("How sure each position is was not asked for.")
    elif not confidence.is_resolved:
        lines.append(
            "Confidence is not resolved: there is nothing to be sure of where there is "
            "a single domain."
        )
    else:
        lines += [line.strip() for line in describe_confidence(confidence)[1:]]
    n_masked = 0
    if domains._stored_map.excluded_patterns is not None:
        n_masked = int(domains._stored_map.excluded_patterns.sum())
    n_without = int((domains.labels < 0).sum())
    if n_without:
        lines.append(
            f"{n_without} of {domains.labels.size} positions have no domain: "
            f"{n_masked} masked or left out, {max(n_without - n_masked, 0)} "
            "unassigned."
        )
    lines += _list_continua(domains)
    lines += [line.strip() for line in describe_refused(domains)]
    unknown = [i for i, kind in enumerate(kinds or []) if kind == "unknown"]
    if unknown:
        lines.append(f"No class can be told of {_name_domains(unknown)}.")
    if phases is not None:
        lines += _list_unnamed(phases)
    return lines


def _list_continua(domains):
    leaves = [node for node in domains.tree if node.label >= 0]
    found = sorted(node.label for node in leaves if node.is_continuum)
    if not found:
        return []
    return [
        f"Within {_name_domains(found)} patterns change gradually, and no gap parts "
        "them."
    ]


def _name_domains(labels):
    which = "domain" if len(labels) == 1 else "domains"
    return f"{which} {', '.join(map(str, labels))}"


def _list_unnamed(phases):
    lines = []
    for row in phases.report():
        others = [name for name in row.set if name != row.phase]
        if others and row.phase != "not indexed":
            several = ", ".join(others)
            lines.append(
                f"Domain {row.domain}: {row.phase} cannot be told from {several}."
            )
        if row.reason:
            lines.append(f"Domain {row.domain}: {row.reason}")
    return lines
