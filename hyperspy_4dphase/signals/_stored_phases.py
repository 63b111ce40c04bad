"""A map of phases as it stands in the metadata of a signal, beside its domains."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.signals._stored import Stored

AMORPHOUS = "amorphous"
"""Name of the phase of all amorphous domains: it has no structure."""
# Orientations that are kept of each domain and structure.
MOST_ALTERNATIVES = 12
# Attributes of `Candidate.atoms`, and how they are stored.
_ATOMS = "elements", "positions", "occupancies", "debye_waller"


class DomainNames(NamedTuple):
    """What is known of the phases of domains.

    Attributes
    ----------
    phase : numpy.ndarray of int, shape (n_domains,)
        Number of the candidate that a domain is taken to be; the number of candidates
        for amorphous ones; -1 where it is none, or cannot be told.
    kind : list of str
        Class of each domain, see :meth:`DomainMap.classify`.
    reason : list of str
        In words, why a domain is what it is taken to be, or none.
    probability : numpy.ndarray, shape (n_domains, n_candidates)
        That a domain is of this structure; the rest is that it is none of them.
    in_set : numpy.ndarray of bool, shape (n_domains, n_candidates)
        Candidates that cannot be told apart from the best one.
    quaternions : numpy.ndarray, shape (n_domains, n_candidates, 4)
        Best orientation, from the sample to the crystal; NaN where none was sought.
    cosine, unexplained, missing : numpy.ndarray, shape (n_domains, n_candidates)
        Agreement with the best template, share of the intensity of spots that it does
        not explain, share of its intensity that is not in the pattern; NaN where none
        was sought.
    n_spots, n_explained : numpy.ndarray, shape (n_domains, n_candidates)
        Spots that the pattern shows, and how many of them the structure explains.
    excitation_width : numpy.ndarray, shape (n_domains, n_candidates)
        Of the best template, in 1/Å.
    margin : numpy.ndarray, shape (n_domains,)
        By how much the best cosine exceeds the next structure's, relative to it; NaN
        where there is no other.
    alternatives : numpy.ndarray, shape (n_domains, n_candidates, n_orientations, 4)
        Orientations that cannot be told apart, the best one first; NaN where there are
        no more.
    alternative_shares : numpy.ndarray, shape (n_domains, n_candidates, n_orientations)
        Their probabilities, if the structure is right.
    """

    phase: np.ndarray
    kind: list
    reason: list
    probability: np.ndarray
    in_set: np.ndarray
    quaternions: np.ndarray
    cosine: np.ndarray
    unexplained: np.ndarray
    missing: np.ndarray
    n_spots: np.ndarray
    n_explained: np.ndarray
    excitation_width: np.ndarray
    margin: np.ndarray
    alternatives: np.ndarray
    alternative_shares: np.ndarray


def store_candidate(candidate):
    """Make what the metadata hold of a structure.

    Parameters
    ----------
    candidate : Candidate

    Returns
    -------
    dict
    """
    phase, atoms = candidate.phase, candidate.atoms._asdict()
    lattice = phase.structure.lattice
    space_group = phase.space_group
    return {
        "name": candidate.name,
        "space_group": None if space_group is None else int(space_group.number),
        "point_group": phase.point_group.name,
        "cell": np.array(lattice.abcABG(), dtype=float),
        **{name: atoms[name] for name in _ATOMS[1:]},
        # Not every file format keeps arrays of text.
        "elements": " ".join(atoms["elements"].tolist()),
    }


def restore_phase(stored):
    """Make the phase of a structure that was stored.

    Parameters
    ----------
    stored : dict
        Of :func:`store_candidate`.

    Returns
    -------
    orix.crystal_map.Phase
    """
    from diffpy.structure import Atom, Lattice, Structure
    from orix.crystal_map import Phase

    elements = stored["elements"].split()
    positions, occupancies = (
        np.asarray(stored[name], float) for name in ("positions", "occupancies")
    )
    atoms = [
        Atom(element, xyz=xyz, occupancy=occupancy)
        for element, xyz, occupancy in zip(
            elements, positions, occupancies, strict=True
        )
    ]
    lattice = Lattice(*np.asarray(stored["cell"], float))
    number = stored.get("space_group")
    if number is None:
        groups = {"point_group": stored["point_group"]}
    else:
        groups = {"space_group": int(number)}
    structure = Structure(atoms=atoms, lattice=lattice, title=stored["name"])
    return Phase(name=stored["name"], structure=structure, **groups)


class StoredPhases(Stored):
    """Reads the metadata of a map of phases."""

    NODE, VERSION = "Phase_map", 1
    RESULT, MAKER = "phase map", "identify"

    @staticmethod
    def collect_names(candidates, names, labels, settings, provenance):
        """Collect what the metadata of a phase map are to hold.

        Parameters
        ----------
        candidates : list of Candidate
        names : DomainNames
        labels : numpy.ndarray of int
            Domain of each probe position, of the navigation shape.
        settings : dict
            Geometry of the patterns, voltage and more: numbers.
        provenance : dict

        Returns
        -------
        dict
        """
        stored = names._asdict()
        # Texts hold no line break.
        texts = {name: "\n".join(stored.pop(name)) for name in ("kind", "reason")}
        return {
            "version": StoredPhases.VERSION,
            "candidates": _number([store_candidate(c) for c in candidates]),
            "names": {**stored, **texts},
            "labels": np.asarray(labels, np.int32),
            "rotations": None,
            "match": None,
            "settings": settings,
            "provenance": provenance,
        }

    @property
    def candidates(self):
        """list of dict: Structures, as :func:`store_candidate` gives them."""
        stored = self.get("candidates") or {}
        return [stored[key] for key in sorted(stored)]

    @property
    def names(self):
        """DomainNames"""
        stored = _add_alternatives(dict(self.get("names")))
        for name in ("kind", "reason"):
            # A single domain without a reason has an empty text, and so has none.
            stored[name] = stored[name].split("\n") if len(stored["phase"]) else []
        arrays = {n: v for n, v in stored.items() if not isinstance(v, list)}
        types = {"phase": int, "in_set": bool}
        arrays = {n: np.asarray(v, types.get(n, float)) for n, v in arrays.items()}
        return DomainNames(**(stored | arrays))


def _add_alternatives(stored):
    """Maps that were stored before other orientations were kept have one of each."""
    if "alternatives" not in stored:
        one = np.asarray(stored["quaternions"], float)[:, :, np.newaxis]
        stored["alternatives"] = one
        stored["alternative_shares"] = np.where(np.isnan(one[..., 0]), np.nan, 1.0)
    return stored


def _number(values):
    """A list as a dict, which every file format takes."""
    return {f"candidate_{i:04d}": value for i, value in enumerate(values)}
