"""What was found of domains, for users to read."""

import numpy as np

# Of a scan that is not split at all.
_WHY_NOT = {
    "noise": "patterns differ by no more than noise",
    "size": "there are too few positions for two parts",
    "no gap": "there is no gap between any two parts of min_size positions or more",
    "continuum": "patterns change gradually, without a gap",
    "depth": "max_depth=0",
    "n_domains": "n_domains=1",
    "consensus": "maps agree on no parts",
    "by hand": "it was given as one domain",
}


# Refused splits that are told, the clearest first.
_MOST_REFUSED = 2
# Continua that are named.
_MOST_NAMED = 10


def describe_domains(domains, scan, compression, asked, unsure=()):
    """Lines on how many domains there are, and how many positions have none, and why.

    Then how many of the domains are continua, and what was not split because of that,
    as far as this is known.

    Parameters
    ----------
    domains : DomainMap
    scan : Scan
        With the masks of what was mapped.
    compression : Compression or None
        It says which positions were left out as broken frames.
    asked : str
        Where the number of domains comes from.
    unsure : tuple of (str, int), optional
        Why positions that have counts enough have no domain, and how many.

    Returns
    -------
    list of str
    """
    sizes, n_mapped = domains.sizes, scan.shape[0]
    n_masked = scan.n_positions - n_mapped
    n_unassigned = int((domains.labels < 0).sum()) - n_masked
    of_each = f"{sizes.max()} to {sizes.min()} positions" if len(sizes) > 1 else ""
    of_each = of_each or f"{sizes.sum()} positions"
    lines = [f"  domains={domains.n_domains} ({asked}), of {of_each}"]
    why_not = why_not_split(domains)
    if why_not:
        lines.append(f"    Not split: {why_not}.")
    lines += _describe_continua(domains) + describe_refused(domains)
    n_few = n_unassigned - sum(n for _, n in unsure)
    why = _list_reasons([*unsure, ("with too few counts to tell", n_few)])
    share = 100 * n_unassigned / max(n_mapped, 1)
    lines.append(f"  unassigned={n_unassigned} positions ({share:.3g} %){why}")
    if n_masked:
        faulty = None if compression is None else compression.faulty_patterns
        n_faulty = 0 if faulty is None else np.count_nonzero(faulty)
        masked = ("masked, or without a value", n_masked - n_faulty)
        why = _list_reasons([masked, ("broken frames", n_faulty)])
        lines.append(f"  left_out={n_masked} positions{why}")
    return lines


def why_not_split(domains):
    """Why a map is of one domain, in a few words; empty if it is of several.

    Parameters
    ----------
    domains : DomainMap

    Returns
    -------
    str
    """
    if domains.n_domains > 1 or len(domains.tree) > 1:
        return ""
    reason = domains.tree[0].reason
    return _WHY_NOT.get(reason, reason)


def _describe_continua(domains):
    nodes = [n for n in domains.tree if n.label >= 0 and np.isfinite(n.n_directions)]
    if not nodes:
        return []
    found = sorted(node.label for node in nodes if node.is_continuum)
    names = ", ".join(map(str, found[:_MOST_NAMED]))
    names += ", ..." if len(found) > _MOST_NAMED else ""
    which = f": patterns change gradually within {names}" if found else ""
    n = domains.n_domains
    of = f"{n} domains" if len(nodes) == n else f"{len(nodes)} domains that are known"
    return [f"  continua={len(found)} of {of}{which}"]


def describe_refused(domains):
    """Lines on the clearest splits that were refused, as far as this is known.

    Parameters
    ----------
    domains : DomainMap

    Returns
    -------
    list of str
    """
    nodes = [n for n in domains.tree if n.label >= 0 and np.isfinite(n.refused)]
    if not nodes:
        return []
    labels = domains.labels
    try:
        sides = domains.refused.data.reshape(labels.shape)
    except ValueError:
        # A map that other maps have changed keeps the scores only.
        sides = None
    lines = []
    for node in sorted(nodes, key=lambda node: node.refused)[:_MOST_REFUSED]:
        line = (
            f"    Not split: domain {node.label}, by a gap (log_p={node.refused:.1f}) "
        )
        line += "that cuts a gradual change"
        if sides is not None:
            own = np.bincount(sides[labels == node.label], minlength=3)[1:]
            line += f", into {own.max()} and {own.min()} positions"
        lines.append(f"{line}.")
    rest = len(nodes) - len(lines)
    more = f" {rest} more;" if rest else ""
    end = " See plot_refused()." if sides is not None else ""
    return [*lines[:-1], f"{lines[-1]}{more}{end}"]


def _list_reasons(reasons):
    told = ", ".join(f"{n} {reason}" for reason, n in reasons if n)
    return f": {told}" if told else ""
