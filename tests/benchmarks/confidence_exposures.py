"""Two halves of the counts of a scan: do maps of one come back in the other?"""

from functools import partial
from typing import NamedTuple

import hyperspy.api as hs
import numpy as np
from sklearn.metrics import adjusted_rand_score

import hyperspy_4dphase
from hyperspy_4dphase import data
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase._thinning import split_counts
from hyperspy_4dphase.estimators.confidence import map_exposure, predict_counts
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks import dynamical

PEERS = ("k-means", "Gaussian mixture", "Ward on the grid")
_LCO = scenes.SHARED / "lco_spinel_real_peaks" / "lco_spinel_rendered_80x58x96x96.hspy"
_POSITIVES = "battery_interface, default", "naphi classes", "two_lattices grains"
_DYNAMICAL = (
    "reconstruction, 150",
    "reconstruction, 1000",
    "al_precipitates, 10000",
    "glass, 1000",
)


def measure_exposures(record, tell, quick):
    """Maps of both halves, ours and those of peers, which are told our number.

    Parameters
    ----------
    record : dict
        Gets a row for each scan.
    tell : callable
        Takes a line.
    quick : bool
    """
    for name, make in exposed_scans(tell, quick).items():
        record[name] = compare_halves(make())
        tell(f"  {name}: {record[name]}")


def exposed_scans(tell, quick):
    """dict of str to callable: Signals of counts, those that are there."""
    if quick:
        make = partial(data.oxide_bilayer, (40, 44), (32, 30), random_state=1)
        return {"oxide_bilayer": lambda: make()[0]}
    positives = scenes.positives()
    found = {
        name: lambda name=name: positives[name]()[0]
        for name in _POSITIVES
        if name in positives
    }
    if dynamical.FOLDER.is_dir():
        made = dynamical.scans()
        found |= {name: lambda name=name: made[name](0)[0] for name in _DYNAMICAL}
    if _LCO.is_file():
        found["LCO and spinel, measured peaks"] = partial(hs.load, _LCO)
    else:
        tell(f"  {_LCO} is not there")
    for name in (*_POSITIVES, *_DYNAMICAL):
        if name not in found:
            tell(f"  {name} is not in {scenes.SHARED}")
    return found


def compare_halves(scan, random_state=0):
    """Map both halves of the counts of a scan, and compare the maps.

    Parameters
    ----------
    scan : BaseSignal
        Counts of electrons, with two navigation axes.
    random_state : int

    Returns
    -------
    dict
        ``"domains"``: of our maps of both halves. ``"rand"``: adjusted Rand index of
        both maps, for each method. ``"gain"``: how much more likely, as logarithm, the
        domains of one half make a pattern of the other half, for each method, the mean
        of both directions. ``"parts"``: the gain of our domains cut in two.
    """
    halves = split_counts(scan.data, random_state)
    found = [_map_half(scan._deepcopy_with_new_data(half)) for half in halves]
    names = [*found[0].labels]
    rand = {}
    for name in names:
        one, other = (half.labels[name] for half in found)
        both = (one >= 0) & (other >= 0)
        rand[name] = float(adjusted_rand_score(one[both], other[both]))
    patterns = np.all([half.kept_patterns for half in found], axis=0)
    pixels = np.all([half.kept_pixels for half in found], axis=0)
    kept = {"kept_patterns": patterns, "kept_pixels": pixels}
    blocks = [PatternBlocks(half, 2, **kept) for half in halves]
    gains = []
    for known, unseen in ((0, 1), (1, 0)):
        groups = [found[known].labels[name][patterns] for name in names]
        gains.append(predict_counts(blocks[known], blocks[unseen], groups))
    gain = dict(zip(names, map(float, np.mean(gains, axis=0)), strict=True))
    del rand["parts"]
    domains = [int(half.labels["ours"].max()) + 1 for half in found]
    return {"domains": domains, "rand": rand, "parts": gain.pop("parts"), "gain": gain}


class _Half(NamedTuple):
    """Maps of one half, and which patterns and pixels are not faulty; all flat."""

    labels: dict
    kept_patterns: np.ndarray
    kept_pixels: np.ndarray


def _map_half(scan):
    compression = hyperspy_4dphase.compress(scan, random_state=0, print_info=False)
    masks = compression.excluded_patterns, compression.excluded_pixels
    kept = Scan.from_signal(scan).replace_masks(*masks)
    patterns = compression.patterns
    random_state = np.random.RandomState(0)
    own, parts = map_exposure(patterns, kept.positions, random_state)
    points, known = scenes.features(patterns)
    everywhere = kept.kept_patterns.copy()
    everywhere[everywhere] = known
    shape, k = scan.data.shape[:2], int(own.max()) + 1
    labels = {"ours": kept.map_of(own, -1).ravel()}
    labels |= dynamical.map_peers(points[known], everywhere, shape, k, PEERS)
    labels["parts"] = kept.map_of(parts, -1).ravel()
    return _Half(labels, kept.kept_patterns, kept.kept_pixels)
