"""What was found of how sure a map is, for users to read."""

import numpy as np

# A doubt from this on makes a position worth looking at; domains with so many of them
# are named, the most doubtful ones first.
_DOUBTFUL = 0.3
_LEAST_TOLD, _MOST_TOLD = 0.1, 3
_WHAT = {
    "unresolved": "may hold domains that the map lacks, or be part of one",
    "domain": "may be a piece of another domain",
    "misfit": "patterns fit neither the domain nor mixtures with what is around",
}


def describe_confidence(confidence):
    """Lines on how sure a map is, and on what is in doubt, and where.

    Parameters
    ----------
    confidence : DomainConfidence

    Returns
    -------
    list of str
    """
    if not confidence.is_resolved:
        return [
            "  not resolved: there is nothing to be sure of; the confidence is NaN."
        ]
    labels = confidence.at_threshold(0).labels
    values = np.asarray(confidence.data).reshape(labels.shape)[labels >= 0]
    if not values.size:
        return []
    lines = [f"  mean_confidence={np.nanmean(values):.3g}"]
    outcome = confidence.provenance.get("outcome", {})
    # Files of earlier versions do not say it.
    lines += [
        f"    lost: a domain of the tree, {size} positions, that is nowhere the most "
        "probable one."
        for size in outcome.get("lost_domains", [])
    ]
    for name in _WHAT:
        doubt = confidence._doubt_values(name)
        if doubt is not None:
            lines += _describe_doubt(name, doubt.reshape(labels.shape), labels)
    return lines


def _describe_doubt(name, doubt, labels):
    """Name the domains that a doubt is about, and where it is largest."""
    is_doubtful = (np.nan_to_num(doubt) >= _DOUBTFUL) & (labels >= 0)
    n = int(labels.max()) + 1
    counts = np.bincount(labels[is_doubtful], minlength=n)
    sizes = np.maximum(np.bincount(labels[labels >= 0], minlength=n), 1)
    told = np.flatnonzero(counts >= np.maximum(_LEAST_TOLD * sizes, 5))
    told = told[np.argsort(-counts[told], kind="stable")]
    lines = []
    for label in told[:_MOST_TOLD]:
        places = np.argwhere(is_doubtful & (labels == label))
        center = places[np.square(places - np.median(places, axis=0)).sum(1).argmin()]
        where = ", ".join(map(str, center.tolist()))
        lines.append(
            f"    {name}: domain {label}, {counts[label]} of {sizes[label]} positions, "
            f"around ({where}): {_WHAT[name]}."
        )
    if len(told) > _MOST_TOLD:
        lines.append(f"    {name}: {len(told) - _MOST_TOLD} more domains.")
    return lines
