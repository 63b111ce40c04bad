"""Maps of domains as orix takes them."""

import numpy as np

from hyperspy_4dphase._results import as_uniform
from hyperspy_4dphase.signals._scan_map import ScanMap


class DomainCrystalMap(ScanMap):
    """What :class:`DomainMap` gains to go on with orix."""

    def to_crystal_map(
        self, phase_list=None, *, phase_ids=None, names=None, colors=None
    ):
        """The map as orix takes it, with phases and the scan's calibration.

        Of a map made by :meth:`phases`, positions have the rotations found, and
        ``xmap.prop["mirrored"]`` says which are mirror images.

        Parameters
        ----------
        phase_list, phase_ids, names, colors : optional
            As in :func:`hyperspy_4dphase.interop.to_crystal_map`: one phase for each
            domain, or `phase_ids` to say which domain is of which. By default each
            domain is a phase without symmetry, in its colour in :meth:`plot`.

        Returns
        -------
        orix.crystal_map.CrystalMap

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> xmap = domains.to_crystal_map()
        >>> xmap.shape, xmap.scan_unit
        ((14, 16), 'nm')
        """
        from hyperspy_4dphase.interop.orix import to_crystal_map
        from hyperspy_4dphase.plot._palette import domain_colors

        if phase_list is None and phase_ids is None and colors is None:
            colors = domain_colors(self.n_domains)
        labels = self.labels
        # Uniform axes may be written as if they were not.
        axes = [as_uniform(axis, 0.01) or axis for axis in self._axes]
        xmap = to_crystal_map(
            labels,
            axes,
            phase_list=phase_list,
            phase_ids=phase_ids,
            names=names,
            colors=colors,
        )
        finer = self._finer()
        if finer is None:
            return xmap
        pieces, pairs = find_pieces(labels, finer)
        _, first = np.unique(pieces[pieces >= 0], return_index=True)
        turned = to_crystal_map(
            pieces,
            axes,
            phase_list=xmap.phases,
            phase_ids=xmap.phase_id[pieces.ravel() >= 0][first],
            # orix counts from kx away from ky.
            angles=-self.angles[pairs[:, 1]],
            properties={"mirrored": np.append(self.mirrored[pairs[:, 1]], 0)[pieces]},
        )
        turned.prop["domain"] = labels.ravel()
        return turned


def find_pieces(labels, finer):
    """Find the pieces that have one label and one orientation each.

    Parameters
    ----------
    labels, finer : numpy.ndarray of int
        Two maps of the navigation shape; -1 where there is none.

    Returns
    -------
    pieces : numpy.ndarray of int, of the navigation shape
    pairs : numpy.ndarray of int, shape (n_pieces, 2)
        Label and finer label of each.
    """
    inside = (labels >= 0) & (finer >= 0)
    pairs = np.stack([labels[inside], finer[inside]], axis=1)
    pairs, numbers = np.unique(pairs, axis=0, return_inverse=True)
    pieces = np.full(labels.shape, -1)
    pieces[inside] = numbers.ravel()
    return pieces, pairs
