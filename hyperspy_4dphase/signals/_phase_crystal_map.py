"""Maps of phases as orix takes them, and cleaning of maps."""

from math import prod

import numpy as np

from hyperspy_4dphase._results import as_uniform
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.signals._scan_map import ScanMap


class PhaseCrystalMap(ScanMap):
    """What :class:`PhaseMap` gains to go on with orix."""

    def to_crystal_map(self, plane=None):
        """The map as orix takes it: phases, orientations, and how sure they are.

        Positions have the orientation of their domain, or their own after
        :meth:`orientations`. What is not indexed has the phase -1 and the identity.

        Parameters
        ----------
        plane : int, optional
            Which scan of a series, or plane of a volume: orix has maps of two axes.

        Returns
        -------
        orix.crystal_map.CrystalMap
            With the phases by name, space group, structure and colour, and the
            properties ``domain``, ``probability`` (of the phase), ``cosine`` (of the
            domain), ``margin``, and after :meth:`orientations` ``match`` (cosine of
            each position). NaN where a position is not indexed.

        Raises
        ------
        ValueError
            If this is a slice; if `plane` is given of a scan with two axes, or not
            given of one with more, or if there is none of that number.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> xmap = phases.to_crystal_map()
        >>> xmap.phases.names
        ['NMC622', 'amorphous']
        """
        from hyperspy_4dphase.interop.orix import to_crystal_map

        take = self._plane_taker(plane)
        labels, ids = take(self._domain_labels()), take(self.phase_ids)
        axes = [as_uniform(axis, 0.01) or axis for axis in self._axes[-2:]]
        every = self._every_phase()
        rotations = take(self._position_quaternions())
        # Each pair of domain and phase is what a "domain" is to the function below.
        inside = ids >= 0
        pieces = np.full(labels.shape, -1)
        pieces[inside] = np.unique(ids[inside], return_inverse=True)[1].ravel()
        present = np.unique(ids[inside])
        properties = {
            name: take(values.reshape(self.phase_ids.shape))
            for name, values in self._properties().items()
        }
        xmap = to_crystal_map(
            pieces,
            axes,
            phase_list={int(i): every[i] for i in present},
            phase_ids=present,
            rotations=rotations,
            colors=[every[i].color_rgb for i in present],
            properties=properties,
        )
        xmap.prop["domain"] = np.where(inside, labels, -1).ravel()
        return xmap

    def _plane_taker(self, plane):
        """A function that takes one plane of what has the navigation shape."""
        shape = self.phase_ids.shape
        if len(shape) < 3:
            if plane is not None:
                raise ValueError(f"plane={plane!r}, but the scan has one plane only.")
            return np.asarray
        n_planes = prod(shape[:-2])
        plane = check_integer("plane", plane, 0, optional=True)
        if plane is None or plane >= n_planes:
            raise ValueError(
                f"plane={plane}; orix has maps of two axes, and this scan has "
                f"{n_planes} of them: expected 0 to {n_planes - 1}."
            )
        n_axes = len(shape)
        return lambda values: values.reshape(
            n_planes, *shape[-2:], *values.shape[n_axes:]
        )[plane]

    def _domain_labels(self):
        """Domain of each position, of the navigation shape."""
        self._check_whole()
        return self._stored.array("labels", int).reshape(self.phase_ids.shape)

    def _position_quaternions(self):
        """Orientation of each position: the identity where there is none."""
        ids, labels = self.phase_ids, self._domain_labels()
        own = self._stored.array("rotations")
        if own is None:
            of_domains = np.vstack([self.quaternions, np.full(4, np.nan)])
            rotations = of_domains[labels]
        else:
            rotations = own.reshape(*labels.shape, 4).copy()
        nothing = (ids < 0) | np.isnan(rotations).any(axis=-1)
        rotations[nothing] = 1, 0, 0, 0
        return rotations

    def _properties(self):
        """What a crystal map holds of each position."""
        names = self._stored.names
        scores = {n: self._choose_scores(n) for n in ("probability", "cosine")}
        scores["margin"] = np.where(np.isnan(scores["cosine"]), np.nan, names.margin)
        maps = {
            name: self._spread(np.append(values, np.nan))
            for name, values in scores.items()
        }
        match = self._stored.array("match")
        if match is not None:
            maps["match"] = match
        return maps
