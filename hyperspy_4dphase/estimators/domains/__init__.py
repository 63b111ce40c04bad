"""The tree of domains: how it is grown, edited and smoothed."""

from hyperspy_4dphase.estimators.domains._divisive import DivisiveDomains
from hyperspy_4dphase.estimators.domains._smoothing import smooth_labels
from hyperspy_4dphase.estimators.domains._tree import DomainTree, TreeNode
from hyperspy_4dphase.estimators.domains._tree_edits import (
    find_parts,
    flat_tree,
    leaf_sizes,
    merge_domains,
    node_means,
    recount_patterns,
    resize_domains,
    split_domain,
    weighted_mean,
)

__all__ = [
    "DivisiveDomains",
    "DomainTree",
    "TreeNode",
    "find_parts",
    "flat_tree",
    "leaf_sizes",
    "merge_domains",
    "node_means",
    "recount_patterns",
    "resize_domains",
    "smooth_labels",
    "split_domain",
    "weighted_mean",
]
