"""A map of named phases, with their orientations."""

import numpy as np
from hyperspy.signals import LazySignal2D, Signal2D

from hyperspy_4dphase._results import axes_dictionaries, plain
from hyperspy_4dphase.signals._phase_cleaning import PhaseCleaning
from hyperspy_4dphase.signals._phase_orientations import PhaseOrientations
from hyperspy_4dphase.signals._phase_plots import PhasePlots
from hyperspy_4dphase.signals._phase_pyxem import PhasePyxem
from hyperspy_4dphase.signals._phase_report import report_phases
from hyperspy_4dphase.signals._rebinning import RebinnedLabels
from hyperspy_4dphase.signals._result_signal import LazyResultSignal
from hyperspy_4dphase.signals._stored_map import StoredMap
from hyperspy_4dphase.signals._stored_phases import (
    AMORPHOUS,
    StoredPhases,
    restore_phase,
)
from hyperspy_4dphase.signals.domain_map import DomainMap


class PhaseMap(
    PhaseCleaning, PhaseOrientations, PhasePlots, PhasePyxem, RebinnedLabels
):
    """The phase of each probe position: ``(|x, y)``, with names and orientations.

    Made by ``domains.identify(structures)`` or ``s.map_phases(structures)``. Phases
    are numbered as the structures were given; one more, the last, stands for all that
    is amorphous. -1 is not indexed: vacuum, what is none of the structures, what cannot
    be told, and masked positions. It saves to ``.hspy`` and ``.zspy`` and reloads
    whole.

    Nothing changes a map in place: what changes phases gives a new one.

    Notes
    -----
    A slice (``phases.isig[:10, :10]``) has values of its own only. All that belongs to
    the whole scan needs the whole map.

    Examples
    --------
    >>> from hyperspy_4dphase.data import battery_interface, structure
    >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
    >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
    >>> phases = domains.identify(structure("NMC622"))
    >>> phases
    <PhaseMap, title: Phases of Battery interface, dimensions: (|26, 24)>
    >>> phases.names
    ['NMC622', 'amorphous']
    """

    _signal_type = "phase_map"
    _KIND, _TITLE = "phase map", "Phases"
    # A mean of numbers of phases is none.
    _SAME_KIND = ()

    @classmethod
    def from_domains(cls, domains, candidates, names, settings, provenance):
        """Join names with the domains that they are of.

        Parameters
        ----------
        domains : DomainMap
        candidates : list of Candidate
        names : DomainNames
        settings, provenance : dict

        Returns
        -------
        PhaseMap
        """
        labels = domains.labels
        own = StoredPhases.collect_names(
            candidates, names, labels, settings, provenance
        )
        metadata = domains._rename("Phases", cls._signal_type)
        metadata |= {
            StoredMap.NODE: domains._stored_map.to_dict(),
            StoredPhases.NODE: own,
        }
        values = np.append(names.phase, -1)[labels].astype(np.int32)
        return domains._make_map(cls, values.reshape(domains.data.shape), metadata)

    @property
    def phase_ids(self):
        """numpy.ndarray of int32: The map, of the navigation shape in array order."""
        return self._values.astype(np.int32)

    @property
    def names(self):
        """list of str: Of the phases, by their numbers; the last is ``"amorphous"``."""
        return [c["name"] for c in self._stored.candidates] + [AMORPHOUS]

    @property
    def candidates(self):
        """list of Candidate: The structures that domains were compared with."""
        from hyperspy_4dphase.structures import load_candidates

        phases = [restore_phase(stored) for stored in self._stored.candidates]
        return load_candidates(phases) if phases else []

    @property
    def phases(self):
        """orix.crystal_map.PhaseList: The phases that are in the map, by number."""
        from orix.crystal_map import PhaseList

        every = self._every_phase()
        present = np.unique(self.phase_ids)
        return PhaseList({int(i): every[i] for i in present if i >= 0})

    @property
    def domains(self):
        """DomainMap: The domains that were named."""
        self._check_whole()
        metadata = self._rename("Domains", DomainMap._signal_type)
        metadata[StoredMap.NODE] = self._stored_map.to_dict()
        labels = self._stored.array("labels", np.int32).reshape(self.data.shape)
        return self._make_map(DomainMap, labels, metadata)

    @property
    def scores(self):
        """dict of numpy.ndarray, shape (n_domains, n_candidates): How well they match.

        ``"probability"``: that a domain is of this structure; ``"cosine"``: between the
        mean pattern and the best template, 1 for the same; ``"unexplained"``: share of
        the intensity of spots which it does not explain; ``"missing"``: share of its
        intensity that the pattern does not have; ``"n_spots"``: spots that the pattern
        shows; ``"n_explained"``: those of them that the structure explains. NaN where a
        domain was not compared: vacuum and amorphous ones.
        """
        names = self._stored.names
        kept = "probability", "cosine", "unexplained", "missing"
        kept += "n_spots", "n_explained"
        return {name: getattr(names, name) for name in kept}

    @property
    def sets(self):
        """list of list of str: Of each domain, structures that cannot be told apart.

        The most probable comes first. Empty for domains that are none of them.
        """
        names = self._stored.names
        order = np.argsort(-names.probability, axis=1, kind="stable")
        every = self.names
        return [
            [every[i] for i in best if inside[i]]
            for best, inside in zip(order, names.in_set, strict=True)
        ]

    @property
    def classes(self):
        """list of str: Vacuum, amorphous, crystalline or else, of each domain."""
        return self._stored.names.kind

    @property
    def quaternions(self):
        """numpy.ndarray, shape (n_domains, 4): Orientation of each domain.

        From the sample to the crystal, in orix's sense; NaN where there is none.
        """
        names = self._stored.names
        n_candidates = names.quaternions.shape[1]
        chosen = np.full((len(names.phase), 4), np.nan)
        has = (names.phase >= 0) & (names.phase < n_candidates)
        chosen[has] = names.quaternions[has, names.phase[has]]
        return chosen

    @property
    def settings(self):
        """dict: Voltage (kV), geometry of the patterns, and other settings."""
        return self._stored.get("settings")

    @property
    def provenance(self):
        """dict: Parameters and versions; ``"changes"`` lists what was cleaned."""
        return self._stored.get("provenance")

    def report(self):
        """Say what each domain is, and how surely.

        Returns
        -------
        PhaseReport
            A list of rows, one for each domain, which prints as a table. Each row is a
            named tuple: `domain`, `n_positions`, `kind`, `phase`, `probability`, `set`,
            `euler` (Bunge, degrees), `cosine`, `unexplained`, `missing`, `n_spots`,
            `margin` and `reason`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> [row.phase for row in phases.report()]
        ['amorphous', 'NMC622', 'NMC622', 'NMC622', 'NMC622']
        """
        return report_phases(self)

    def mean_patterns(self, signal=None):
        """Mean patterns of the domains, see :meth:`DomainMap.mean_patterns`.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            The scan, if the map does not remember it any more.

        Returns
        -------
        Diffraction2D or as the scan was
            (domain | kx, ky), calibrated, in counts per pattern.

        Examples
        --------
        >>> from hyperspy_4dphase.data import battery_interface, structure
        >>> s, truth = battery_interface((24, 26), (48, 52), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> phases = domains.identify(structure("NMC622"))
        >>> phases.mean_patterns()
        <ElectronDiffraction2D, title: Mean patterns: Domains of Battery interface,
        dimensions: (5|52, 48)>
        """
        domains = self.domains
        means = domains.mean_patterns(signal)
        for name in ("mean_patterns", "variances"):
            self._stored_map.set(name, domains._stored_map.get(name))
        return means

    @property
    def probability(self):
        """Signal2D: Probability of the phase of each position; NaN without a phase."""
        names = self._stored.names
        chosen = np.append(self._choose_scores("probability"), np.nan)
        amorphous = names.phase == names.probability.shape[1]
        chosen[:-1][amorphous] = np.nan
        values = self._spread(chosen)
        metadata = {
            "General": {"title": f"Probability: {self.metadata.General.title}"},
            "Signal": {"quantity": "Probability"},
        }
        return Signal2D(values, axes=axes_dictionaries(self), metadata=metadata)

    @property
    def _stored(self):
        return StoredPhases(self)

    def _every_phase(self):
        """Every phase by its number, those that are not in the map as well."""
        from orix.crystal_map import Phase

        from hyperspy_4dphase.interop.orix import set_colors
        from hyperspy_4dphase.plot._palette import domain_colors

        phases = [restore_phase(stored) for stored in self._stored.candidates]
        phases.append(Phase(AMORPHOUS))
        set_colors(phases, domain_colors(len(phases)))
        return phases

    def _choose_scores(self, name):
        """A score of each domain for the phase that it is taken to be, else NaN."""
        names = self._stored.names
        values = getattr(names, name)
        found = np.full(len(names.phase), np.nan)
        has = (names.phase >= 0) & (names.phase < values.shape[1])
        found[has] = values[has, names.phase[has]]
        return found

    def _spread(self, of_domains):
        """Values of domains, and a last one for none, as a map of the data's shape."""
        self._check_whole()
        labels = self._stored.array("labels", int)
        values = np.asarray(of_domains, np.float32)[labels]
        values[self.phase_ids < 0] = np.nan
        return values.reshape(self.data.shape)

    def _with(self, values, changes, step):
        """This map with other phase numbers and what was stored, and why."""
        metadata = plain(self.metadata)
        own = metadata[StoredPhases.NODE] | changes
        done = [*(own["provenance"].get("changes") or []), step]
        own["provenance"] = own["provenance"] | {"changes": done}
        metadata[StoredPhases.NODE] = own
        values = np.asarray(values, np.int32).reshape(self.data.shape)
        return self._make_map(PhaseMap, values, metadata)


class LazyPhaseMap(LazyResultSignal, PhaseMap, LazySignal2D):
    """The same, as it is after ``hs.load(..., lazy=True)``."""
