"""Names for domains: their mean patterns are compared with known structures."""

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._progress import Progress
from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._scalars import check_flags, check_number
from hyperspy_4dphase.estimators.detector import find_faulty_pixels
from hyperspy_4dphase.estimators.domains import leaf_sizes
from hyperspy_4dphase.signals._domain_patterns import check_whole
from hyperspy_4dphase.signals._domain_phases import check_rotatable, to_electrons
from hyperspy_4dphase.signals._optics import find_scale, find_voltage
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
        one phase. A domain that no structure explains stays not indexed, and so does
        vacuum; amorphous ones are the phase ``"amorphous"``.

        Parameters
        ----------
        structures : path, orix.crystal_map.Phase, diffpy.structure.Structure, or list \
or dict of these
            The candidates: see :func:`hyperspy_4dphase.structures.load_candidates`. A
            dict gives names.
        accelerating_voltage : float, optional
            In kV. By default that of the metadata of the scan.
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`.
        classes : sequence of str, optional
            Class of each domain, ``"vacuum"``, ``"amorphous"``, ``"crystalline"`` or
            ``"mixed"``. By default as :meth:`classify` finds.
        center : array_like of shape (2,), optional
            Row and column of the direct beam, in pixels. By default it is found.
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
            known, patterns are not calibrated or have no square pixels, the scan has
            more than two axes, this is a slice, or an argument is out of range: before
            anything is read. While reading: as :meth:`mean_patterns`.
        """
        from diffsims.utils.sim_utils import get_electron_wavelength

        from hyperspy_4dphase.estimators.orientation import (
            PatternGeometry,
            measure_spot_radius,
        )
        from hyperspy_4dphase.signals._naming import (
            COMPARED,
            find_center,
            name_domains,
        )
        from hyperspy_4dphase.signals.phase_map import PhaseMap
        from hyperspy_4dphase.structures import load_candidates

        check_flags(flip=flip)
        resolution = check_number("resolution", resolution, 0.2, 10)
        turn = check_number("scan_rotation", scan_rotation, -360, 360)
        radius = check_number("spot_radius", spot_radius, 0, above=True, optional=True)
        candidates = load_candidates(structures)
        own = self._stored_map
        if len(own.navigation_axes) > 2:
            raise ValueError(
                f"The scan has {len(own.navigation_axes)} navigation axes; phases are "
                "named in scans of one or two: name the maps of its planes."
            )
        check_rotatable(own.signal_axes, own.get("signal_type"))
        check_whole(self, "identify()")
        voltage = find_voltage(self.metadata, accelerating_voltage)
        wavelength = float(get_electron_wavelength(voltage))
        scale = find_scale(own.signal_axes, wavelength)
        kinds = _check_classes(classes, self.n_domains)
        means, variances, used = self._read_electrons(signal, show_progressbar)
        found_kinds = kinds or [row.kind for row in self.classify(signal)]
        center = find_center(means, used, own.signal_axes, center)
        if radius is None:
            crystals = [k in COMPARED for k in found_kinds]
            radius = scale * measure_spot_radius(means[crystals], center, ~used)
        geometry = PatternGeometry(center, scale, radius, flip, turn)
        with Progress(show_progressbar) as progress:
            names = name_domains(
                np.where(used, means, np.nan),
                variances,
                found_kinds,
                candidates,
                geometry,
                (wavelength, resolution),
                progress,
            )
        settings = {
            **geometry._asdict(),
            "accelerating_voltage": voltage,
            "wavelength": wavelength,
            "resolution": resolution,
        }
        record = provenance(
            "identify",
            settings | {"structures": [c.name for c in candidates]},
            None,
            {"n_phases": len(np.unique(names.phase[names.phase >= 0]))},
        )
        settings["unused_pixels"] = ~used
        return PhaseMap.from_domains(self, candidates, names, settings, record)

    def _read_electrons(self, signal, show_progressbar):
        """Mean patterns in electrons, their variances, and pixels that can be used."""
        own, sizes = self._stored_map, leaf_sizes(self.tree)
        means, variances = to_electrons(own, *self._means(signal, show_progressbar))
        variances = variances / sizes[:, np.newaxis]
        shape = (-1, *own.signal_shape)
        means, variances = means.reshape(shape), variances.reshape(shape)
        faulty = find_faulty_pixels(means, variances, sizes).mask
        used = ~faulty & np.isfinite(means).all(axis=0)
        return means, variances, used


def _check_classes(classes, n_domains):
    """Return the classes that a user gave, or None."""
    if classes is None:
        return None
    kinds = [classes] if isinstance(classes, str) else list(classes)
    known = ("vacuum", "amorphous", "crystalline", "mixed", "unknown")
    if len(kinds) != n_domains or not set(kinds) <= set(known):
        raise ValueError(
            f"classes must be one of {known} for each of {n_domains} domains, not "
            f"{classes!r}."
        )
    return kinds
