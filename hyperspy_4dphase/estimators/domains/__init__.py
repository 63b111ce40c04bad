"""The tree of domains: how it is grown, edited and smoothed."""

from hyperspy_4dphase.estimators.domains._descriptions import Descriptions
from hyperspy_4dphase.estimators.domains._divisive import DivisiveDomains
from hyperspy_4dphase.estimators.domains._inner import (
    find_inner_positions,
    mark_inner,
)
from hyperspy_4dphase.estimators.domains._node_means import node_means, weighted_mean
from hyperspy_4dphase.estimators.domains._smoothing import smooth_labels
from hyperspy_4dphase.estimators.domains._steps import LEAST_STEP
from hyperspy_4dphase.estimators.domains._tree import DomainTree, TreeNode
from hyperspy_4dphase.estimators.domains._tree_edits import (
    find_parts,
    flat_tree,
    leaf_sizes,
    merge_domains,
    recount_patterns,
    resize_domains,
    split_domain,
)

__all__ = ["DivisiveDomains", "DomainTree", "TreeNode"]
