"""Maps of phases: domains that are rotated copies of one structure, as one."""

import numpy as np
from hyperspy.signals import Signal2D

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import axes_dictionaries
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase.estimators.domains import merge_domains
from hyperspy_4dphase.estimators.rotation import group_rotations
from hyperspy_4dphase.signals._center import read_center
from hyperspy_4dphase.signals._domain_images import check_images, read_images
from hyperspy_4dphase.signals._scan_map import ScanMap


class DomainPhases(ScanMap):
    """What :class:`DomainMap` gains to find rotated copies."""

    @with_shared_parameters
    def phases(
        self,
        signal=None,
        *,
        center=None,
        mirror=True,
        strain=0.025,
        tolerance=0.1,
        keep_faulty_pixels=False,
        show_progressbar=None,
    ):
        """Merge domains that are in-plane rotations of one structure.

        Mean patterns are compared at all angles, against their own counting noise, by
        :func:`~hyperspy_4dphase.estimators.group_rotations`. The detector's
        offset is taken off, where it is known or where a constant under all patterns
        shows by its lack of noise. Pixels at fault are found in the mean patterns and
        left out: hot ones, which are brighter than all around them by the same in all
        domains, and sharper than spots; and dead rows, gaps and beam stops, of less
        than a tenth of the counts beside them.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`.
        center : Estimate or array_like of shape (2,) or (n_domains, 2), optional
            Column and row (x, y) of the centre, in pixels, or what
            :func:`hyperspy_4dphase.calibration.find_center` returns. By default it is
            found.
        mirror : bool, default True
            Whether mirror images are the same structure.
        strain : float, default 0.025
            Largest relative difference of spacings within a phase.
        tolerance : float, default 0.1
            Largest share of the azimuthal variation that two patterns of a phase may
            not have in common.
        keep_faulty_pixels : bool, default False
            Whether hot pixels, and dead or hidden ones, are used like all others.
        %(show_progressbar)s

        Returns
        -------
        DomainMap
            Merged as by :meth:`merge`, with `angles`, `mirrored` and `rotation`. What
            was left out is stored as flat masks: ``faulty_pixels``, and those of them
            that are hot as ``hot_pixels``, in ``metadata.Domain_map.phases``.

        Raises
        ------
        ValueError
            If patterns are no images with square pixels; and as :meth:`mean_patterns`.
        TypeError
            If `keep_faulty_pixels` is no bool.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.phases()
        >>> phases.n_domains, phases.angles.shape
        (2, (3,))
        """
        check_flags(keep_faulty_pixels=keep_faulty_pixels)
        own, tree = self._stored_map, self.tree
        check_rotatable(own.signal_axes, own.get("signal_type"))
        center = read_center(center, own.signal_axes, self.n_domains)
        images = read_images(
            self, "phases()", signal, keep_faulty_pixels, show_progressbar
        )
        faulty = images.faulty
        groups = group_rotations(
            images.means,
            images.variances,
            excluded=None if faulty is None else faulty.mask,
            center=center,
            mirror=mirror,
            strain=strain,
            tolerance=tolerance,
        )
        result = self._merge(*merge_groups(tree, groups.labels), "phases()")
        found = {
            "labels": self.labels,
            "angles": groups.angles,
            "mirrored": groups.mirrored,
        }
        if faulty is not None:
            found["faulty_pixels"] = faulty.mask.ravel()
            found["hot_pixels"] = faulty.hot.ravel()
        result._stored_map.set("phases", found)
        return result

    @property
    def angles(self):
        """numpy.ndarray, shape (n_finer,), or None: Turn of each domain in degrees.

        Of the domains that :meth:`phases` has merged, in their old order: from kx
        towards ky, which is clockwise where rows are displayed downwards, against the
        domain of the phase with the least noise. None in other maps.
        """
        phases = self._found
        return None if phases is None else np.asarray(phases["angles"], float)

    @property
    def mirrored(self):
        """numpy.ndarray of bool, shape (n_finer,), or None: Which are mirror images.

        That reference has its rows reversed before it is turned.
        """
        phases = self._found
        return None if phases is None else np.asarray(phases["mirrored"], bool)

    @property
    def rotation(self):
        """Signal2D or None: `angles` as a map, NaN where there is no domain."""
        finer = self._finer()
        if finer is None:
            return None
        values = np.where(finer >= 0, self.angles[finer], np.nan)
        values[self.labels < 0] = np.nan
        metadata = {
            "General": {"title": f"Rotation: {self.metadata.General.title}"},
            "Signal": {"quantity": "Rotation (°)"},
        }
        values = values.astype(np.float32).reshape(self.data.shape)
        return Signal2D(values, axes=axes_dictionaries(self), metadata=metadata)

    @property
    def _found(self):
        """dict or None: What phases() has found."""
        return self._stored_map.get("phases")

    def _finer(self):
        """The map that phases() has merged, or None."""
        phases = self._found
        if phases is None:
            return None
        finer = np.asarray(phases["labels"], dtype=np.int32)
        if finer.shape != self.labels.shape:
            raise ValueError(
                f"This map, of shape {self.labels.shape}, is a slice of one of shape "
                f"{finer.shape}: rotations are known for that only."
            )
        return finer


def check_rotatable(axes, signal_type):
    """Refuse patterns that are no images on a square grid.

    Parameters
    ----------
    axes : list of dict
        Of a pattern.
    signal_type : str

    Raises
    ------
    ValueError
    """
    check_images(axes, signal_type, "Rotated patterns")


def merge_groups(tree, groups):
    """Merge the domains of each group.

    Parameters
    ----------
    tree : DomainTree
    groups : numpy.ndarray of int, shape (n_domains,)

    Returns
    -------
    tree : DomainTree
    labels : numpy.ndarray of int, shape (n_domains,)
        New label of each old one.
    """
    labels = np.arange(tree.n_domains)
    for group in np.unique(groups):
        members = labels[groups == group]
        if members.size > 1:
            tree, new = merge_domains(tree, members)
            labels = new[labels]
    return tree, labels
