"""The tree of domains: how it is grown, edited and smoothed."""

from hyperspy_4dphase.estimators.domains._consensus_tree import flat_tree
from hyperspy_4dphase.estimators.domains._divisive import DivisiveDomains
from hyperspy_4dphase.estimators.domains._published import next_split
from hyperspy_4dphase.estimators.domains._smoothing import outvoted
from hyperspy_4dphase.estimators.domains._tree import DomainTree, TreeNode
from hyperspy_4dphase.estimators.domains._tree_edits import (
    leaf_sizes,
    level_cut,
    merged,
    node_means,
    parted,
    parts_of,
    recounted,
    resized,
    weighted_mean,
)

__all__ = [
    "DivisiveDomains",
    "DomainTree",
    "TreeNode",
    "flat_tree",
    "leaf_sizes",
    "level_cut",
    "merged",
    "next_split",
    "node_means",
    "outvoted",
    "parted",
    "parts_of",
    "recounted",
    "resized",
    "weighted_mean",
]
