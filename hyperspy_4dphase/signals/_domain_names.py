"""Names for domains: their mean patterns are compared with known structures."""

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._progress import Progress
from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase.estimators.crystallinity import CLASSES, UNKNOWN
from hyperspy_4dphase.signals._domain_images import read_images
from hyperspy_4dphase.signals._naming_plan import plan_naming
from hyperspy_4dphase.signals._scan_map import ScanMap


class DomainNaming(ScanMap):
    """What :class:`DomainMap` gains to name its domains."""

    @with_shared_parameters
    def identify(
        self,
        structures,
        accelerating_voltage=None,
        signal=None,
        *,
        classes=None,
        center=None,
        spot_radius=None,
        flip=False,
        scan_rotation=0.0,
        resolution=2.0,
        show_progressbar=None,
    ):
        """Name domains: which structure each is of, in which orientation, how surely.

        The mean pattern of each crystalline domain is compared with kinematical
        templates of every structure in all orientations, at the positions of spots and,
        with less weight, their intensities. Domains that are of one structure become
        one phase. Positions beside other domains are left out of the mean where there
        are ten others. A domain that no structure explains stays not indexed, and so
        does vacuum; amorphous ones are the phase ``"amorphous"``.

        Parameters
        ----------
        structures : path, orix.crystal_map.Phase, diffpy.structure.Structure, or list \
or dict of these
            The candidates: see :func:`hyperspy_4dphase.structures.load_candidates`. A
            dict gives names.
        accelerating_voltage : float, optional
            In kV. By default that of the metadata of the scan; a warning tells where
            the two differ.
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`.
        classes : DomainClasses or sequence of str, optional
            Class of each domain: ``"vacuum"``, ``"amorphous"``, ``"crystalline"``,
            ``"mixed"`` or ``"unknown"``; all but the first two are compared with
            structures. By default what :meth:`classify` finds.
        center : Estimate or array_like of shape (2,), optional
            Column and row (x, y) of the direct beam, in pixels, as pyxem's
            ``s.calibration.center`` has them, or what
            :func:`hyperspy_4dphase.calibration.find_center` returns. By default it is
            found.
        spot_radius : float, optional
            Of a diffraction disc, in 1/Å. By default it is measured.
        flip : bool, default False
            Whether the detector shows mirror images of what is seen from the electron
            source.
        scan_rotation : float, default 0
            Degrees by which the fast axis of the scan is turned counter-clockwise
            against the columns of the detector.
        resolution : float, default 2
            Step of the templates in degrees; orientations are refined from there.
        %(show_progressbar)s

        Returns
        -------
        PhaseMap

        Raises
        ------
        TypeError, ValueError
            If a structure cannot be read or is not possible, the beam energy is not
            known, patterns are not calibrated or have no square pixels, this is a
            slice, or an argument is out of range: before anything is read. While
            reading: as :meth:`mean_patterns`.

        Warns
        -----
        UserWarning
            If the metadata have another voltage than `accelerating_voltage`; if mean
            patterns, or axes where patterns do not tell, have another centre than
            `center`; or none that is sure and none is given.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.identify(structure("NMC622")).names
        ['NMC622', 'amorphous']
        """
        own = self._stored_map
        plan = plan_naming(
            structures,
            accelerating_voltage,
            self.metadata,
            (own.navigation_axes, own.signal_axes),
            own.get("signal_type"),
            center=center,
            spot_radius=spot_radius,
            flip=flip,
            scan_rotation=scan_rotation,
            resolution=resolution,
        )
        kinds = check_classes(classes, self.n_domains)
        return self._name(plan, kinds, signal, show_progressbar)

    def _name(self, plan, kinds, signal, show_progressbar):
        """Name domains by a plan that was checked for this map.

        Parameters
        ----------
        plan : NamingPlan
        kinds : list of str or None
            As `classes` of :meth:`identify`.
        signal, show_progressbar
            As of :meth:`identify`.

        Returns
        -------
        PhaseMap
        """
        from hyperspy_4dphase.signals._naming import (
            COMPARED,
            measure_geometry,
            name_domains,
        )
        from hyperspy_4dphase.signals.phase_map import PhaseMap

        own = self._stored_map
        images = read_images(
            self, "identify()", signal, False, show_progressbar, inner=True
        )
        means, variances = images.means, images.variances
        used = ~images.faulty.mask & np.isfinite(means).all(axis=0)
        if kinds is None:
            # It was read just now, unless it is another scan.
            signal = None if own.get("inner") is not None else signal
            center = None if plan.center is None else plan.center[::-1]
            kinds = self.classify(signal, center=center).names
        crystals = [kind in COMPARED for kind in kinds]
        geometry = measure_geometry(means, used, own.signal_axes, plan, crystals)
        with Progress(show_progressbar) as progress:
            names = name_domains(
                np.where(used, means, np.nan),
                variances,
                kinds,
                plan.candidates,
                geometry,
                (plan.wavelength, plan.resolution),
                progress,
            )
        settings, record = _record(plan, geometry, names)
        settings["unused_pixels"] = ~used
        return PhaseMap.from_domains(self, plan.candidates, names, settings, record)


def _record(plan, geometry, names):
    """What domains were named with, and what came of it.

    Returns
    -------
    settings : dict
    record : dict
        For the provenance.
    """
    settings = {
        **geometry._asdict(),
        "accelerating_voltage": plan.voltage,
        "wavelength": plan.wavelength,
        "resolution": plan.resolution,
    }
    record = provenance(
        "identify",
        settings | {"structures": [c.name for c in plan.candidates]},
        None,
        {"n_phases": len(np.unique(names.phase[names.phase >= 0]))},
    )
    return settings, record


def check_classes(classes, n_domains):
    """Return the classes that a user gave as a list of str, or None.

    Parameters
    ----------
    classes : DomainClasses, sequence of str, or None
    n_domains : int

    Raises
    ------
    TypeError, ValueError
        If they are anything else, or not one for each domain.
    """
    if classes is None:
        return None
    classes = getattr(classes, "names", classes)
    known = (*CLASSES, UNKNOWN)
    if not isinstance(classes, list | tuple | np.ndarray):
        raise TypeError(
            "classes must be what classify() returns, or a sequence of names, not "
            f"{classes!r}."
        )
    kinds = list(classes)
    if len(kinds) != n_domains or not all(kind in known for kind in kinds):
        raise ValueError(
            f"classes must be one of {known} for each of {n_domains} domains, not "
            f"{classes!r}."
        )
    return kinds
