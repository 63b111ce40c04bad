"""Scans whose positions are known to be vacuum, amorphous, crystalline or mixed."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from hyperspy_4dphase import data
from tests.benchmarks import domain_scenes, dynamical

DOSES = (300, 1000, 10_000)
_AMORPHOUS = {"LGPS", "SiO2", "TiO2"}
_SHAPES = {
    "strained_flake": (),
    "domain_phantom": ((150, 160), (64, 60)),
    "battery_interface": ((96, 104), (96, 90)),
    "oxide_bilayer": ((96, 104), (96, 90)),
}
# Share of the sample in a domain below which it is vacuum, and above which it is not;
# share of the less frequent of amorphous and crystalline below which there is one, and
# above which there are two. In between either answer is right.
_VACUUM, _SAMPLE = 0.02, 0.1
_ONE, _BOTH = 0.05, 0.15
# Crystals of the glass that show spots on the detector, as its author says. What the
# others show is between a spot and nothing: they are not judged.
_N_VISIBLE = 8


@dataclass
class ClassTruth:
    """What positions are made of.

    Attributes
    ----------
    domain : numpy.ndarray of int, shape (n_positions,)
        True domains; -1 for positions that are not judged.
    vacuum, amorphous, crystalline : numpy.ndarray, shape (n_positions,)
        Shares, of sum 1.
    any_mixture : bool
        Whether crystals lie on a support, so that both "crystalline" and "mixed" hold.
    judged : numpy.ndarray of bool, shape (n_positions,)
    """

    domain: np.ndarray
    vacuum: np.ndarray
    amorphous: np.ndarray
    crystalline: np.ndarray
    judged: np.ndarray
    any_mixture: bool = False

    def accepted(self, labels):
        """Names that are right for each domain of a map; None where not judged."""
        n = labels.max() + 1
        answers = []
        for k in range(n):
            own = labels == k
            if not own.any() or self.judged[own].mean() < 0.9:
                answers.append(None)
                continue
            shares = [x[own].mean() for x in (self.vacuum, self.amorphous)]
            answers.append(self._names(*shares, self.crystalline[own].mean()))
        return answers

    def _names(self, vacuum, amorphous, crystalline):
        sample = amorphous + crystalline
        names = set()
        if sample < _SAMPLE:
            names.add("vacuum")
        if sample < _VACUUM:
            return names
        share = crystalline / sample
        if share < _BOTH:
            names.add("amorphous")
        if share > 1 - _BOTH:
            names.add("crystalline")
        if _ONE < share < 1 - _ONE or (self.any_mixture and share > 0.5):
            names.add("mixed")
        return names


def _simulated(kind, dose, random_state=1):
    scan, truth = getattr(data, kind)(
        *_SHAPES[kind], random_state=random_state, dose=dose
    )
    phases = [truth.phase_names[i] for i in truth.component_phase]
    share = truth.abundance.reshape(-1, truth.n_components)
    share = share / share.sum(axis=1, keepdims=True)
    is_vacuum = np.array([p == "vacuum" for p in phases])
    is_glass = np.array([p in _AMORPHOUS for p in phases])
    return scan, ClassTruth(
        truth.domain.ravel(),
        share[:, is_vacuum].sum(axis=1),
        share[:, is_glass].sum(axis=1),
        share[:, ~is_vacuum & ~is_glass].sum(axis=1),
        np.ones(len(share), bool),
    )


def _dynamical(module, dose, seed=0, detector=False):
    scan, truth = dynamical._make(module, dose, seed, detector=detector)
    abundance = np.asarray(truth["abundance"])
    abundance = abundance.reshape(-1, abundance.shape[-1])
    domain = dynamical.true_domains(truth)
    judged = np.ones(len(domain), bool)
    zero = np.zeros(len(domain))
    if module == "reconstruction":
        shares = abundance[:, 0], zero, abundance[:, 1:].sum(axis=1)
    elif module == "al_precipitates":
        shares = zero, zero, zero + 1
    else:
        shares = [zero, *_shares_of_glass(truth, domain, judged)]
    return scan, ClassTruth(domain, *shares, judged)


def _shares_of_glass(truth, domain, judged):
    """Amorphous and crystalline shares; `judged` becomes False of doubtful crystals."""
    n = truth["visible"].size
    full = np.asarray(truth["full"]).reshape(len(domain), -1)[:, 2:]
    plain = np.zeros(n, bool)
    plain[np.argsort(-truth["visible"])[:_N_VISIBLE]] = True
    for k in np.flatnonzero(~plain):
        judged[domain == k + 2] = False
    crystal = full[:, :n] @ plain
    return 1 - crystal, crystal


def _thinned(make, dose, any_mixture):
    scan, truth = make()
    counts = scan.data
    mean = counts.sum(axis=(-2, -1)).mean()
    share = min(1.0, dose / mean)
    if share < 1:
        rng = np.random.default_rng(7)
        scan = scan._deepcopy_with_new_data(rng.binomial(counts, share))
    folder = domain_scenes.SHARED / "naphi_real_endmembers"
    glass = np.zeros(truth.domain.size)
    if any_mixture:
        glass = np.load(folder / "ground_truth.npz")["abundance"][..., 0].ravel()
    zero, judged = np.zeros(glass.size), np.ones(glass.size, bool)
    return scan, ClassTruth(truth.domain, zero, glass, 1.0 - glass, judged, any_mixture)


def _control(name, dose, seed=0):
    scan = domain_scenes.controls()[name](dose, seed)
    n = scan.axes_manager.navigation_size
    zero, one = np.zeros(n), np.ones(n)
    kinds = {"vacuum": 0, "amorphous, brightness": 1, "amorphous, beam decays": 1}
    shares = [zero, zero, zero]
    shares[kinds.get(name, 2)] = one
    return scan, ClassTruth(np.zeros(n, int), *shares, np.ones(n, bool))


def scans():
    """dict of (str, float) to callable: Each returns a signal and its `ClassTruth`."""
    found = {}
    for dose in DOSES:
        for kind in _SHAPES:
            found[kind, dose] = partial(_simulated, kind, dose)
        for name in domain_scenes.controls():
            if name != "pure noise":
                found[f"control: {name}", dose] = partial(_control, name, dose)
    if not dynamical.FOLDER.is_dir():
        return found
    for dose in DOSES:
        for module in ("reconstruction", "al_precipitates", "glass"):
            found[module, dose] = partial(_dynamical, module, dose)
        found["naphi", dose] = partial(_thinned, domain_scenes.naphi, dose, True)
    name = "reconstruction, detector"
    found[name, 1000] = partial(_dynamical, "reconstruction", 1000, detector=True)
    name = "al_precipitates, detector"
    found[name, 1000] = partial(_dynamical, "al_precipitates", 1000, detector=True)
    found["glass, detector", 1000] = partial(_dynamical, "glass", 1000, detector=True)
    found["two_lattices", 300] = partial(
        _thinned, domain_scenes.two_lattices, 300, False
    )
    return found
