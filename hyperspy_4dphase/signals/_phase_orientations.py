"""The orientation of each probe position, refined around that of its domain."""

from functools import partial
from operator import iadd
from typing import NamedTuple

import numpy as np
from hyperspy.signals import Signal2D

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import axes_dictionaries
from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.signals._domain_patterns import open_scan
from hyperspy_4dphase.signals._scan_map import ScanMap


class OrientationAlternatives(NamedTuple):
    """Orientations of one domain that its pattern cannot tell apart.

    Attributes
    ----------
    orientations : orix.quaternion.Orientation, shape (n,)
        From the sample to the crystal, the most probable first: that of the domain.
        Empty where the domain has none.
    probability : numpy.ndarray, shape (n,)
        Of each, if the phase is right.
    angles : numpy.ndarray, shape (n,)
        Degrees between each and the first, symmetry taken into account.
    """

    orientations: object
    probability: np.ndarray
    angles: np.ndarray


class PhaseOrientations(ScanMap):
    """What :class:`PhaseMap` gains to refine orientations."""

    @with_shared_parameters
    def orientations(self, signal=None, *, reach=3.0, step=0.75, show_progressbar=None):
        """Refine the orientation of each probe position around that of its domain.

        The scan is read once. Each pattern is compared with some hundred templates
        around the orientation of its domain. Where a pattern says little, the one of
        the domain stays.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            The scan. By default the one that is remembered.
        reach : float, default 3
            How far positions may be turned against their domain, about each axis of
            the sample, in degrees.
        step : float, default 0.75
            Between templates, in degrees; orientations are interpolated.
        %(show_progressbar)s

        Returns
        -------
        PhaseMap
            With :attr:`rotations`, :attr:`match` and :attr:`misorientation` of each
            position.

        Raises
        ------
        TypeError, ValueError
            If an argument is out of range, if no domain has an orientation, if this is
            a slice, or if there is no scan to read, or another one.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> refined = phases.orientations(s)
        >>> refined.misorientation
        <Signal2D, title: Misorientation of Battery interface, dimensions: (|26, 24)>
        """
        reach = check_number("reach", reach, 0.05, 20)
        step = check_number("step", step, 0.05, 5)
        self._check_whole()
        labels = self._domain_labels()
        if not np.isfinite(self.quaternions).any():
            raise ValueError("No domain of this map has an orientation to start from.")
        kept = np.where(self.phase_ids < 0, -1, labels).ravel()
        stored = self._stored_map
        scan = open_scan(self.domains, kept, signal, show_progressbar)
        libraries = self._local_libraries(reach, step)
        rows = np.flatnonzero(scan.kept_patterns)
        refine = partial(
            _refine_block,
            labels=labels.ravel()[rows],
            libraries=libraries,
            pixels=scan.kept_pixels,
            noise=(stored.get("offset") or 0.0, stored.get("gain") or 1.0),
        )
        with scan.progress() as progress:
            blocks = scan.blocks(progress, replaced=stored.replaced)
            parts = blocks.reduce(refine, iadd, stage="Refining orientations")
        turns = np.full((labels.size, 4), np.nan, np.float32)
        match, spread = np.full((2, labels.size), np.nan, np.float32)
        edge = np.zeros(labels.size, bool)
        for here, found in parts:
            here = rows[here]
            turns[here], match[here] = found.quaternions, found.cosine
            spread[here], edge[here] = found.uncertainty.max(axis=1), found.at_edge
        changes = {
            "rotations": turns.reshape(*self.data.shape, 4),
            "match": match.reshape(self.data.shape),
            "uncertainty": spread.reshape(self.data.shape),
            "at_edge": edge.reshape(self.data.shape),
        }
        did = f"orientations(reach={reach:g}, step={step:g})"
        return self._with(self.phase_ids, changes, did)

    @property
    def alternatives(self):
        """list of OrientationAlternatives: Of each domain, for its phase.

        Patterns of one zone are the same after half a turn about its axis, where only
        the zero-order Laue zone shows, and others may look alike, too. A map that was
        stored before they were kept has one orientation of each domain.
        """
        from orix.quaternion import Orientation

        from hyperspy_4dphase.estimators.orientation import misorientation

        names, every = self._stored.names, self._every_phase()
        rotations = {i: c.rotations for i, c in enumerate(self.candidates)}
        found = []
        for domain, phase in enumerate(names.phase):
            turns, share, group = np.empty((0, 4)), np.empty(0), None
            if phase in rotations:
                share = names.alternative_shares[domain, phase]
                known = np.isfinite(share)
                turns, share = names.alternatives[domain, phase][known], share[known]
                group = every[phase].point_group.laue
            angles = np.zeros(len(turns))
            if len(turns):
                angles = misorientation(turns, turns[:1], rotations[phase])
            found.append(
                OrientationAlternatives(
                    Orientation(turns, symmetry=group), share, angles
                )
            )
        return found

    @property
    def rotations(self):
        """orix.quaternion.Rotation, of the navigation shape: From sample to crystal.

        Those of domains, or of each position after :meth:`orientations`; the identity
        where a position is not indexed.
        """
        from orix.quaternion import Rotation

        return Rotation(self._position_quaternions())

    @property
    def misorientation(self):
        """Signal2D or None: Degrees from the orientation of the domain.

        None before :meth:`orientations`.
        """
        own = self._stored.array("rotations")
        if own is None:
            return None
        of_domains = np.vstack([self.quaternions, np.full(4, np.nan)])
        of_domains = of_domains[self._domain_labels()].reshape(own.shape)
        # Nearby orientations have the same sign, and no symmetry lies between them.
        cosine = np.abs((own * of_domains).sum(axis=-1))
        degrees = np.rad2deg(2 * np.arccos(np.minimum(cosine, 1)))
        return self._image(degrees, "Misorientation", "Misorientation (°)")

    @property
    def match(self):
        """Signal2D or None: How well each position by itself matches, up to 1.

        It falls with the dose. None before :meth:`orientations`.
        """
        values = self._stored.array("match")
        return None if values is None else self._image(values, "Match", "Cosine")

    @property
    def uncertainty(self):
        """Signal2D or None: Standard deviation of each orientation, in degrees.

        About the axis that is least sure. None before :meth:`orientations`.
        """
        values = self._stored.array("uncertainty")
        if values is None:
            return None
        return self._image(values, "Uncertainty", "Uncertainty (°)")

    @property
    def at_edge(self):
        """Signal2D or None: 1 where the best template was the last one in reach.

        The position may be turned farther: call :meth:`orientations` with a larger
        `reach`. None before it.
        """
        values = self._stored.array("at_edge", float)
        return None if values is None else self._image(values, "At the edge", "")

    def _local_libraries(self, reach, step):
        """Templates around the orientation of each domain that has one."""
        from hyperspy_4dphase.estimators.orientation import build_local_library
        from hyperspy_4dphase.signals._naming import find_library

        names, shape = self._stored.names, self._stored_map.signal_shape
        settings, geometry, candidates = (
            self.settings,
            self._geometry(),
            self.candidates,
        )
        excluded = np.asarray(settings["unused_pixels"], bool).reshape(shape)
        libraries = {}
        for domain, quaternion in enumerate(self.quaternions):
            phase = names.phase[domain]
            if not np.isfinite(quaternion).all():
                continue
            library = find_library(
                candidates[phase],
                settings["wavelength"],
                settings["resolution"],
                geometry.reach(shape),
            )
            libraries[domain] = build_local_library(
                library,
                quaternion,
                geometry,
                shape,
                excluded=excluded,
                reach=reach,
                step=step,
                excitation_width=names.excitation_width[domain, phase],
            )
        return libraries

    def _image(self, values, what, quantity):
        """Values of positions that are indexed as a map."""
        values = np.where(self.phase_ids.reshape(self.data.shape) < 0, np.nan, values)
        metadata = self._rename(what)
        metadata["Signal"] = {"quantity": quantity}
        axes = axes_dictionaries(self)
        return Signal2D(values.astype(np.float32), axes=axes, metadata=metadata)


def _refine_block(patterns, rows, labels, libraries, pixels, noise):
    """Refine the patterns of a block: a list of what came of each domain."""
    from hyperspy_4dphase.estimators.orientation import refine_orientations

    offset, gain = noise
    numbers = np.arange(len(labels))[rows]
    of_domain = labels[rows]
    found = []
    for domain in np.unique(of_domain):
        if domain in libraries:
            mine = of_domain == domain
            local = libraries[domain]
            # Pixels that are masked are not used, whatever they hold.
            electrons = np.zeros((mine.sum(), len(pixels)), np.float32)
            electrons[:, pixels] = (patterns[mine] - np.float32(offset)) / gain
            electrons = np.maximum(electrons, 0).reshape(-1, *local.shape)
            found.append((numbers[mine], refine_orientations(electrons, local)))
    return found
