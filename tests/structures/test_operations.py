"""Symmetry operations."""

import numpy as np
import pytest
from diffpy.structure import Lattice

from hyperspy_4dphase.structures._operations import Operations

from .cif_texts import operations


def test_texts_are_read():
    texts = [
        "x,y,z",
        "-y, x-y, z+1/3",
        "Z+.25,-X,0.5+y",
        "1/2-x,+y,-z",
        "-y+x,x,-2/3+z",
    ]
    read = Operations.from_texts(texts)
    places = [op(np.array([0.1, 0.2, 0.4])) for op in _functions(read)]
    expected = [
        [0.1, 0.2, 0.4],
        [-0.2, -0.1, 0.4 + 1 / 3],
        [0.65, -0.1, 0.7],
        [0.4, 0.2, -0.4],
        [-0.1, 0.1, 0.4 - 2 / 3],
    ]
    np.testing.assert_allclose(np.mod(places, 1), np.mod(expected, 1), atol=1e-12)


def _functions(read):
    return [
        lambda x, r=r, t=t: r @ x + t
        for r, t in zip(read.rotations, read.translations, strict=True)
    ]


@pytest.mark.parametrize("number", [14, 62, 148, 166, 194, 227])
def test_texts_of_space_groups(number):
    read = Operations.from_texts(operations(number))
    group = Operations.of_space_group(number)
    np.testing.assert_array_equal(read.rotations, group.rotations)
    apart = read.translations - group.translations
    np.testing.assert_allclose(apart, np.round(apart), atol=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "x,y", "x,y,z,x", "x,y,q", "x,x,z", "2x,y,z", "x,y,z/0", "__import__('os')"],
)
def test_what_is_no_operation(text):
    with pytest.raises(ValueError, match="is no symmetry operation"):
        Operations.from_texts([text])


def test_cell_must_be_kept():
    trigonal = Operations.of_space_group(166)
    trigonal.check_cell(Lattice(2.9, 2.9, 14, 90, 90, 120).base, "x")
    for cell in [(2.9, 2.9, 14, 90, 90, 90), (2.9, 3.0, 14, 90, 90, 120)]:
        with pytest.raises(ValueError, match="x: the symmetry operations do not fit"):
            trigonal.check_cell(Lattice(*cell).base, "x")
