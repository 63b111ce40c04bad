"""The tree that the published clustering grows: as many parts as it is told."""

import numpy as np

from hyperspy_4dphase.estimators.domains._published import next_split, published_split
from hyperspy_4dphase.estimators.domains._tree import REASONS, DomainTree


def published_tree(blocks, n_parts, random_state):
    """Cluster patterns as Shi et al. do, with numbers of parts given.

    Parameters
    ----------
    blocks : PatternBlocks
    n_parts : int, sequence of int, or nested
        As :func:`next_split` takes it: one number for a single split, one a level, or
        ``(2, (None, 3))`` for a tree of its own shape.
    random_state : numpy.random.RandomState

    Returns
    -------
    labels : numpy.ndarray of int32, shape (n_patterns,)
    tree : DomainTree
        Its scores are NaN: nothing is tested.
    """
    blocks_shape = blocks.signal_shape
    nodes = [{"rows": np.arange(blocks.shape[0]), "parent": -1, "level": 0}]
    plans = [n_parts]
    for number, node in enumerate(nodes):
        k, following = next_split(plans[number])
        node["leaf"] = not k or k > node["rows"].size
        if node["leaf"]:
            continue
        labels, _ = published_split(
            blocks,
            node["rows"],
            k,
            signal_shape=blocks_shape,
            random_state=random_state,
        )
        for part, plan in zip(range(k), following, strict=True):
            level = node["level"] + 1
            rows = node["rows"][labels == part]
            nodes.append({"rows": rows, "parent": number, "level": level})
            plans.append(plan)
    return _result(nodes, blocks.shape[0])


def _result(nodes, n):
    sizes = np.array([node["rows"].size for node in nodes])
    leaves = [i for i, node in enumerate(nodes) if node["leaf"]]
    leaves.sort(key=lambda i: -sizes[i])
    labels = np.empty(n, dtype=np.int32)
    label = np.full(len(nodes), -1)
    for new, i in enumerate(leaves):
        labels[nodes[i]["rows"]] = new
        label[i] = new
    reasons = ["n_domains" if node["leaf"] else "split" for node in nodes]
    unknown = np.full(len(nodes), np.nan)
    arrays = {name: [node[name] for node in nodes] for name in ("parent", "level")}
    arrays |= {"size": sizes, "label": label}
    arrays["reason"] = [REASONS.index(reason) for reason in reasons]
    arrays |= dict.fromkeys(("strength", "share", "log_p", "agreement"), unknown)
    return labels, DomainTree.from_arrays(arrays)
