"""Maps of phases without what is doubtful or too small."""

from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.signals._scan_map import ScanMap


class PhaseCleaning(ScanMap):
    """What :class:`PhaseMap` gains to be cleaned."""

    def clean(
        self,
        *,
        min_size=None,
        min_margin=None,
        min_probability=None,
        min_cosine=None,
        min_match=None,
    ):
        """Set what is doubtful or too small to *not indexed*.

        Domains are judged first, then single positions, then grains of what is left.
        What was done, and how many positions it took, is appended to
        ``provenance["changes"]``.

        Parameters
        ----------
        min_size : int, optional
            Fewest positions of a grain: positions of one phase that touch along an
            edge and are turned by at most 5 degrees against one another.
        min_margin : float, optional
            Least margin of a domain, see :meth:`report`. Domains that were compared
            with one structure only have none, and stay.
        min_probability, min_cosine : float, optional
            Of the phase of a domain, in [0, 1].
        min_match : float, optional
            Least cosine of a position by itself, in [0, 1]; after :meth:`orientations`
            only.

        Returns
        -------
        PhaseMap

        Raises
        ------
        TypeError, ValueError
            If an argument is no number, or out of range; if `min_match` is given
            before :meth:`orientations`; if nothing is asked for.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> cleaned = phases.clean(min_size=9)
        >>> len(cleaned.provenance["changes"])
        1
        """
        from hyperspy_4dphase.estimators.orientation import (
            find_small_grains,
            label_grains,
        )

        size = check_integer("min_size", min_size, 1, optional=True)
        limits = {
            "margin": check_number("min_margin", min_margin, 0, optional=True),
            "probability": _check_share("min_probability", min_probability),
            "cosine": _check_share("min_cosine", min_cosine),
            "match": _check_share("min_match", min_match),
        }
        if size is None and all(limit is None for limit in limits.values()):
            raise ValueError(
                "clean() was asked for nothing: give min_size, min_margin, "
                "min_probability, min_cosine or min_match."
            )
        self._check_whole()
        values = self._properties()
        if limits["match"] is not None and "match" not in values:
            raise ValueError(
                "min_match needs a match of each position: call orientations() first."
            )
        ids, steps = self.phase_ids.copy(), []
        for name, limit in limits.items():
            if limit is None:
                continue
            poor = (values[name].reshape(ids.shape) < limit) & (ids >= 0)
            ids[poor] = -1
            steps.append(f"min_{name}={limit:g}: {int(poor.sum())} positions")
        if size is not None:
            turns = {i: c.rotations for i, c in enumerate(self.candidates)}
            grains = label_grains(ids, self._position_quaternions(), turns)
            small = find_small_grains(grains, size)
            ids[small] = -1
            steps.append(f"min_size={size}: {int(small.sum())} positions")
        return self._with(ids, {}, f"clean({'; '.join(steps)})")


def _check_share(name, value):
    return check_number(name, value, 0, 1, optional=True)
