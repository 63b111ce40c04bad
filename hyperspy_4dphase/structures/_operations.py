"""Symmetry operations of a space group: read from text, and checked with a cell."""

import re
from typing import NamedTuple

import numpy as np
from diffpy.structure.spacegroups import GetSpaceGroup

# Largest misfit of a rotation with the cell, relative to products of its edges. Edges
# of one length by symmetry are refined as one; 1e-2 is half a degree in an angle.
_METRIC_MISFIT = 1e-2
_TERM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)?(?:/(\d+\.?\d*))?\*?([xyz])?")


class Operations(NamedTuple):
    """Symmetry operations, x -> R x + t, in fractional coordinates.

    Attributes
    ----------
    rotations : numpy.ndarray of float, shape (n, 3, 3)
    translations : numpy.ndarray of float, shape (n, 3)
    """

    rotations: np.ndarray
    translations: np.ndarray

    @classmethod
    def from_texts(cls, texts):
        """Read operations such as ``"-y, x-y, z+1/3"``.

        Raises
        ------
        ValueError
            If a text is no operation.
        """
        pairs = [_read_operation(text) for text in texts]
        return cls(*(np.array(part) for part in zip(*pairs, strict=True)))

    @classmethod
    def of_space_group(cls, group):
        """Operations of a space group of the International Tables.

        Parameters
        ----------
        group : int or diffpy.structure.spacegroups.SpaceGroup
            Of a number, in diffpy's setting: origin choice 1, hexagonal axes.
        """
        group = GetSpaceGroup(group) if isinstance(group, int) else group
        pairs = [(operation.R, operation.t) for operation in group.iter_symops()]
        return cls(*(np.array(part, float) for part in zip(*pairs, strict=True)))

    def point_operations(self):
        """The different rotations, shape (n, 3, 3) of int."""
        return np.unique(np.round(self.rotations).astype(int), axis=0)

    def misfit(self, base):
        """How badly the rotations keep a cell, 0 where they do.

        Parameters
        ----------
        base : numpy.ndarray of shape (3, 3)
            Rows are the lattice vectors.
        """
        metric = base @ base.T
        edges = np.sqrt(np.diag(metric))
        turned = np.swapaxes(self.rotations, 1, 2) @ metric @ self.rotations
        return float(np.abs((turned - metric) / np.outer(edges, edges)).max())

    def check_cell(self, base, what):
        """Refuse a cell that the operations do not keep.

        Raises
        ------
        ValueError
        """
        misfit = self.misfit(base)
        if misfit > _METRIC_MISFIT:
            raise ValueError(
                f"{what}: the symmetry operations do not fit the cell (they change its "
                f"metric by {misfit:.1%}). Is it given in another setting, or is the "
                "space group a wrong one?"
            )


def _read_operation(text):
    """Return the rotation and the translation of an operation written as text."""
    parts = re.sub(r"\s", "", str(text)).lower().split(",")
    rotation, translation = np.zeros((3, 3)), np.zeros(3)
    for row, part in enumerate(parts[:3]):
        place = 0
        while place < len(part):
            term = _TERM.match(part, place)
            sign, number, divisor, axis = term.groups()
            if term.end() == place or not (number or axis) or divisor == "0":
                break
            value = float(number or 1) / float(divisor or 1)
            value = -value if sign == "-" else value
            if axis:
                rotation[row, "xyz".index(axis)] += value
            else:
                translation[row] += value
            place = term.end()
        if place < len(part):
            break
    complete = len(parts) == 3 and place == len(part)
    if not complete or abs(abs(np.linalg.det(rotation)) - 1) > 1e-6:
        raise ValueError(f"{text!r} is no symmetry operation such as '-y, x-y, z+1/3'")
    return rotation, translation % 1.0
