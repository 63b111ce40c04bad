"""Maps of phases: domains that are rotated copies of one structure, as one."""

import numpy as np
from hyperspy.signals import Signal2D

from hyperspy_4dphase._arguments import check_flag
from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import axes_dictionaries
from hyperspy_4dphase.signals._domain_patterns import check_whole
from hyperspy_4dphase.signals._domain_phases import (
    check_rotatable,
    found_rotations,
    merged_groups,
)
from hyperspy_4dphase.signals._stored_map import NODE


class DomainRotations:
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
        :func:`~hyperspy_4dphase.estimators.rotation.group_rotations`. The detector's
        offset is taken off, where it is known or where a constant under all patterns
        shows by its lack of noise. Pixels at fault are found in the mean patterns and
        left out: hot ones, which are brighter than all around them by the same in all
        domains, and sharper than spots; and dead rows, gaps and beam stops, of less
        than a tenth of the counts beside them.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`.
        center : array_like of shape (2,) or (n_domains, 2), optional
            Row and column of the centre, in pixels. By default it is found.
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
        """
        check_flag("keep_faulty_pixels", keep_faulty_pixels)
        own, tree = self._stored, self.tree
        check_rotatable(own.signal_axes()[0], own.get("signal_type"))
        check_whole(self, own, "phases()")
        means, variances = self._means(signal, show_progressbar)
        options = {"center": center, "mirror": mirror}
        options |= {"strain": strain, "tolerance": tolerance}
        groups, faulty = found_rotations(
            tree, means, variances, own, keep_faulty_pixels, **options
        )
        result = self._relabelled(*merged_groups(tree, groups.labels), "phases()")
        found = {
            "labels": self.labels,
            "angles": groups.angles,
            "mirrored": groups.mirrored,
        }
        if faulty is not None:
            found["faulty_pixels"] = faulty.mask.ravel()
            found["hot_pixels"] = faulty.hot.ravel()
        result.metadata.set_item(f"{NODE}.phases", found)
        return result

    @property
    def angles(self):
        """numpy.ndarray, shape (n_finer,), or None: Turn of each domain in degrees.

        Of the domains that :meth:`phases` has merged, in their old order: from kx
        towards ky, which is clockwise where rows are displayed downwards, against the
        domain of the phase with the least noise. None in other maps.
        """
        phases = self._stored.get("phases")
        return None if phases is None else np.asarray(phases["angles"], float)

    @property
    def mirrored(self):
        """numpy.ndarray of bool, shape (n_finer,), or None: Which are mirror images.

        That reference has its rows reversed before it is turned.
        """
        phases = self._stored.get("phases")
        return None if phases is None else np.asarray(phases["mirrored"], bool)

    @property
    def rotation(self):
        """Signal2D or None: `angles` as a map, NaN where there is no domain."""
        finer = self._finer()
        if finer is None:
            return None
        values = np.where(finer >= 0, self.angles[finer], np.nan)
        values[self.labels < 0] = np.nan
        title = f"Rotation: {self.metadata.General.title}"
        return Signal2D(
            values.astype(np.float32).reshape(self.data.shape),
            axes=axes_dictionaries(self),
            metadata={
                "General": {"title": title},
                "Signal": {"quantity": "Rotation (°)"},
            },
        )

    def _finer(self):
        """The map that phases() has merged, or None."""
        phases = self._stored.get("phases")
        if phases is None:
            return None
        finer = np.asarray(phases["labels"], dtype=np.int32)
        if finer.shape != self.labels.shape:
            raise ValueError(
                f"This map, of shape {self.labels.shape}, is a slice of one of shape "
                f"{finer.shape}: rotations are known for that only."
            )
        return finer
