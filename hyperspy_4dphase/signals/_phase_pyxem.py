"""Maps of phases as pyxem takes them."""

import numpy as np

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.signals._phase_crystal_map import PhaseCrystalMap


class PhasePyxem(PhaseCrystalMap):
    """What :class:`PhaseMap` gains to go on with pyxem."""

    def to_pyxem(self, plane=None, *, reach=3.0, step=1.0):
        """Hand a library to match with and start values to pyxem's own objects.

        The library has templates around the orientation of each domain, some dozens
        instead of thousands for all orientations::

            found = phases.to_pyxem()
            theirs = polar.get_orientation(found.simulation, frac_keep=1)

        where ``polar`` is an azimuthal integral of the scan. pyxem 0.21's own in-plane
        angles are off by 180 degrees; those of the start values are right.

        Parameters
        ----------
        plane : int, optional
            Which scan of a series, or plane of a volume: pyxem makes crystal maps of
            two axes.
        reach : float, default 3
            How far the beam direction is tilted against that of the domain, in degrees.
        step : float, default 1
            Between templates, in degrees.

        Returns
        -------
        pyxem.signals.OrientationMap
            One match for each position: index of its template, cosine, in-plane angle
            (the first Euler angle) and factor 1. Before :meth:`orientations` template
            and cosine are those of the domain; after it they are the nearest template,
            half a step away at most along each axis of tilt, and the ``match`` of the
            position itself. ``.simulation`` is a diffsims ``Simulation2D``. Positions
            without an orientation have the first template and a cosine of 0.

        Raises
        ------
        TypeError, ValueError
            If no domain has an orientation, an argument is out of range, or this is a
            slice; if `plane` is given of a scan with two axes, or not given of one with
            more, or if there is none of that number.

        Warns
        -----
        UserWarning
            If positions are turned farther against their domain than `reach`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> found = phases.to_pyxem()
        >>> found
        <OrientationMap, title: , dimensions: (26, 24|4, 1)>
        """
        from hyperspy_4dphase.interop.pyxem import to_orientation_map

        reach = check_number("reach", reach, 0, 20)
        step = check_number("step", step, 0.05, 5)
        self._check_whole()
        take = self._plane_taker(plane)
        names = self._stored.names
        labels = np.where(self.phase_ids >= 0, self._domain_labels(), -1)
        own = self._stored.array("rotations")
        if own is None:
            cosine = np.append(self._choose_scores("cosine"), 0)[labels]
        else:
            own = take(own.reshape(*labels.shape, 4))
            cosine = self._stored.array("match").reshape(labels.shape)
        return to_orientation_map(
            take(labels),
            self.quaternions,
            self._every_phase(),
            names.phase,
            cosine=take(cosine),
            rotations=own,
            axes=self._axes[-2:],
            voltage=self.settings["accelerating_voltage"],
            max_g=self._geometry().reach(self._stored_map.signal_shape),
            reach=reach,
            step=step,
        )
