"""Colours that domains keep from level to level of a tree."""

import numpy as np
import pytest

from hyperspy_4dphase.plot._palette import domain_colors
from hyperspy_4dphase.signals._level_colors import find_leading, level_colors

from .domains import mapped


def make_tree(levels, sizes=(100, 40, 60, 35, 25)):
    """Domain 0 beside a node that is split into 1 and 2."""
    tree = mapped()[0].tree
    arrays = {name: values[:5] for name, values in tree.to_arrays().items()}
    own = {"parent": [-1, 0, 0, 2, 2], "label": [-1, 0, -1, 1, 2]}
    return type(tree).from_arrays(arrays | own | {"level": levels, "size": sizes})


def test_the_largest_part_leads():
    assert find_leading(make_tree([0, 1, 1, 2, 2])).tolist() == [1, 0, 1, 1, 2]


def test_parts_side_by_side():
    """A node whose parts are of its own level is none of the level."""
    assert find_leading(make_tree([0, 1, 1, 1, 1])).tolist() == [0, 0, 1, 1, 2]


def test_of_equal_parts_the_first_leads():
    tree = make_tree([0, 1, 1, 2, 2], (120, 60, 60, 30, 30))
    assert find_leading(tree).tolist() == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("by", ["at_level", "cut"])
def test_colours_follow_domains(by):
    """From one map to the next coarser one, as far as one domain."""
    domains, _, labels = mapped()
    tree, kept = domains.tree, labels >= 0
    choices = range(tree.n_levels + 1) if by == "at_level" else range(1, 5)
    finer = None
    for choice in reversed(choices):
        made = getattr(domains, by)(choice).labels
        nodes = np.asarray(getattr(tree, by)(choice))
        colors = level_colors(domains, nodes)
        shown = colors[made]
        assert len({tuple(color) for color in colors}) == len(nodes)
        if finer is None:
            np.testing.assert_array_equal(colors, domain_colors(4))
        else:
            for label in range(len(colors)):
                inside = kept & (made == label)
                parts = np.bincount(finer[0][inside])
                largest = finer[0] == parts.argmax()
                assert (finer[1][inside & largest] == colors[label]).all()
        finer = made, shown
