"""What was found of domains, for users to read."""

import numpy as np

# Of a scan that is not split at all.
_WHY_NOT = {
    "noise": "patterns differ by no more than noise",
    "size": "there are too few positions for two parts",
    "no gap": "there is no gap between any two parts",
    "continuum": "patterns change gradually, without a gap",
    "depth": "max_depth=0",
    "n_domains": "n_domains=1",
    "consensus": "maps agree on no parts",
}


def report_domains(domains, print_info, *, asked, method, unassigned, faulty=None):
    """Print how many domains there are, and how many positions have none, and why.

    Parameters
    ----------
    domains : DomainMap
    print_info : bool
    asked : str
        Where their number comes from.
    method : str
        Title of what is printed.
    unassigned : dict of str to int
        Why positions that were looked at have no domain, and how many.
    faulty : numpy.ndarray of bool, or None
        Positions that were left out as broken frames.
    """
    if not print_info:
        return
    print("\n".join([method, *_lines(domains, asked, unassigned, faulty)]))


def _lines(domains, asked, unassigned, faulty):
    sizes, n_positions = domains.sizes, domains.labels.size
    n_unassigned = sum(unassigned.values())
    n_left_out = int((domains.labels < 0).sum()) - n_unassigned
    of_each = f"{sizes.max()} to {sizes.min()} positions" if len(sizes) > 1 else ""
    of_each = of_each or f"{sizes.sum()} positions"
    lines = [f"  domains={domains.n_domains} ({asked}), of {of_each}"]
    if domains.n_domains == 1 and len(domains.tree) == 1:
        reason = domains.tree[0].reason
        lines.append(f"    Not split: {_WHY_NOT.get(reason, reason)}.")
    why = [f"{n} {reason}" for reason, n in unassigned.items() if n]
    why = f": {', '.join(why)}" if why else ""
    share = 100 * n_unassigned / max(n_positions - n_left_out, 1)
    lines.append(f"  unassigned={n_unassigned} positions ({share:.3g} %){why}")
    if n_left_out:
        n_faulty = 0 if faulty is None else int(np.sum(faulty))
        n_masked = n_left_out - n_faulty
        parts = {"masked, or without a value": n_masked, "broken frames": n_faulty}
        why = ", ".join(f"{n} {what}" for what, n in parts.items() if n)
        lines.append(f"  left_out={n_left_out} positions: {why}")
    return lines
