"""``python -m tests.benchmarks.degradations``: scans as cameras and users spoil them.

Four scans are each spoilt in many ways, one at a time, and mapped with default options.
The true maps stay the same, so each row of the tables should read like the first.
"""

import argparse
import json
import signal
import sys
import textwrap
import time
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import hyperspy.api as hs
import numpy as np
from pyxem.signals import ElectronDiffraction2D
from scipy.ndimage import gaussian_filter, median_filter, uniform_filter
from sklearn.metrics import adjusted_rand_score

import hyperspy_4dphase
from hyperspy_4dphase.data import battery_interface
from hyperspy_4dphase.data.battery_interface import ORIENTATIONS
from tests.benchmarks import domain_scenes
from tests.benchmarks.report import simple_table

_HIGHEST = 65535
_LCO = "lco_spinel_real_peaks", "lco_spinel_rendered_80x58x96x96.hspy"


def as_unsigned(values):
    """Rounded and not below 0, as uint16 where it fits, otherwise uint32."""
    values = np.maximum(np.rint(values), 0)
    return values.astype(np.uint16 if values.max() <= _HIGHEST else np.uint32)


def as_type(dtype, counts, rng):
    """The same numbers, stored otherwise."""
    return counts.astype(dtype)


def gain(factor, counts, rng):
    """Floats in other units."""
    return counts.astype(float) * factor


def multiplied(factor, counts, rng):
    """Integers, several an electron, without readout noise."""
    return as_unsigned(counts * float(factor))


def offset(level, counts, rng):
    """A constant dark level."""
    return as_unsigned(counts + float(level))


def read_out(units, noise, level, counts, rng):
    """What an integrating camera writes: units an electron, offset, readout noise."""
    return as_unsigned(_analog(units, noise, level, counts, rng))


def offset_subtracted(units, noise, level, counts, rng):
    """The same, less its mean offset: negative where there is no electron."""
    return (_analog(units, noise, level, counts, rng) - level).astype(np.float32)


def _analog(units, noise, level, counts, rng):
    values = rng.standard_normal(counts.shape, dtype=np.float32)
    values *= noise
    values += level
    values += np.multiply(counts, units, dtype=np.float32)
    return values


def background_subtracted(counts, rng):
    """Less a smooth background: the mean pattern's, times each pattern's counts."""
    mean = counts.mean(axis=(0, 1))
    windows = [side // 4 for side in mean.shape]
    smooth = gaussian_filter(median_filter(mean, windows), 2)
    share = counts.sum(axis=(2, 3), keepdims=True) / mean.sum()
    return (counts - share * smooth).astype(np.float32)


def huge_value(counts, rng):
    """A single value of 20,000."""
    spoilt = counts.astype(np.uint16)
    spoilt.flat[rng.integers(spoilt.size)] = 20_000
    return spoilt


def zingers(counts, rng):
    """X-rays and cosmic rays: 60 values of 2,000 to 65,535."""
    spoilt = counts.astype(np.uint16)
    where = rng.choice(spoilt.size, 60, replace=False)
    spoilt.flat[where] = rng.integers(2000, _HIGHEST, 60, endpoint=True)
    return spoilt


def flickering_pixel(counts, rng):
    """One pixel that is any number."""
    spoilt = counts.astype(np.uint16)
    y, x = _pixel(counts, rng)
    values = rng.integers(0, _HIGHEST, counts.shape[:2], endpoint=True)
    spoilt[:, :, y, x] = values
    return spoilt


def dead_markers(counts, rng):
    """The type's maximum in one pixel and in one row."""
    spoilt = counts.astype(np.uint32)
    marker = np.iinfo(spoilt.dtype).max
    y, x = _pixel(counts, rng)
    spoilt[:, :, y, x] = marker
    spoilt[:, :, _pixel(counts, rng)[0]] = marker
    return spoilt


def metadata_rows(counts, rng):
    """Two rows of bytes: constants, and in every fourth column a counter."""
    spoilt = counts.astype(np.uint16)
    ny, nx, _, width = counts.shape
    number = np.arange(ny * nx).reshape(ny, nx)
    spoilt[:, :, :2] = rng.integers(0, 256, (2, width))
    for column in range(0, width, 4):
        for row in range(2):
            spoilt[:, :, row, column] = number // 256**row % 256
    return spoilt


def hot_pixels(counts, rng):
    """0.1 % of the pixels, of a constant rate 20 times that of the brightest 0.1 %."""
    mean = counts.mean(axis=(0, 1))
    n = max(round(0.001 * mean.size), 1)
    y, x = np.divmod(rng.choice(mean.size, n, replace=False), mean.shape[1])
    spoilt = counts.astype(np.int64)
    rate = 20 * np.quantile(mean, 0.999)
    spoilt[:, :, y, x] += rng.poisson(rate, (*counts.shape[:2], n))
    return as_unsigned(spoilt)


def dead_rows(counts, rng):
    """Three rows of zeros."""
    spoilt = counts.copy()
    spoilt[:, :, rng.choice(counts.shape[2], 3, replace=False)] = 0
    return spoilt


def beam_stop(counts, rng):
    """A bar without counts, from the upper edge to beyond the centre."""
    spoilt = counts.copy()
    (y, x), half = _middle(counts), max(counts.shape[3] // 24, 1)
    spoilt[:, :, : y + 2 * half, x - half : x + half] = 0
    return spoilt


def missing_cross(counts, rng):
    """No pixels between the four quarters of the detector."""
    spoilt = counts.copy()
    y, x = _middle(counts)
    spoilt[:, :, y - 1 : y + 1] = 0
    spoilt[..., x - 1 : x + 1] = 0
    return spoilt


def averaged(counts, rng):
    """Gaussian average over neighbouring positions."""
    return gaussian_filter(counts.astype(np.float32), (1, 1, 0, 0))


def repeated(counts, rng):
    """Every pattern twice along x."""
    return np.repeat(counts, 2, axis=1)


def interpolated(counts, rng):
    """The mean of two neighbours between them; the last twice, to be as many."""
    spoilt = np.repeat(counts.astype(np.float32), 2, axis=1)
    spoilt[:, 1:-1:2] = (spoilt[:, :-2:2] + spoilt[:, 2::2]) / 2
    return spoilt


def rounding(counts, rng):
    """A mean over 3 x 3 pixels, which leaves -1e-17 where it should be 0."""
    return uniform_filter(counts.astype(float), (1, 1, 3, 3))


def descan(reach, counts, rng):
    """Patterns that move by `reach` pixels, along both axes, from edge to edge.

    Counts are moved one by one: by the whole pixels of a shift, and each by one more
    with the probability of the rest, so that Poisson statistics remain. A shift of half
    a pixel thereby blurs more than one of a whole pixel.
    """
    spoilt = np.empty_like(counts)
    shifts = [np.linspace(-reach / 2, reach / 2, n) for n in counts.shape[:2]]
    for i, down in enumerate(shifts[0]):
        moved = _moved(counts[i], down, 1, rng)
        for j, right in enumerate(shifts[1]):
            spoilt[i, j] = _moved(moved[j], right, 1, rng)
    return spoilt


def _moved(counts, shift, axis, rng):
    whole = int(np.floor(shift))
    further = rng.binomial(counts, shift - whole).astype(counts.dtype)
    return _rolled(counts - further, whole, axis) + _rolled(further, whole + 1, axis)


def _rolled(counts, pixels, axis):
    rolled = np.moveaxis(np.roll(counts, pixels, axis), axis, 0)
    rolled[slice(pixels) if pixels >= 0 else slice(pixels, None)] = 0
    return np.moveaxis(rolled, 0, axis)


def saturated_frame(counts, rng):
    """One frame of nothing but the type's maximum."""
    spoilt = counts.astype(np.uint16)
    y, x = (rng.integers(side) for side in counts.shape[:2])
    spoilt[y, x] = _HIGHEST
    return spoilt


def _pixel(counts, rng):
    return [int(rng.integers(side)) for side in counts.shape[2:]]


def _middle(counts):
    return [side // 2 for side in counts.shape[2:]]


DEGRADATIONS = {
    "clean": partial(as_type, np.uint16),
    "uint32": partial(as_type, np.uint32),
    "float32": partial(as_type, np.float32),
    "gain": partial(gain, 0.0123),
    "times-30": partial(multiplied, 30),
    "plus-20": partial(offset, 20),
    "plus-100": partial(offset, 100),
    "readout": partial(read_out, 12, 4, 0),
    "offset-readout": partial(read_out, 20, 10, 200),
    "offset-subtracted": partial(offset_subtracted, 20, 10, 200),
    "background-subtracted": background_subtracted,
    "huge-value": huge_value,
    "zingers": zingers,
    "flickering-pixel": flickering_pixel,
    "dead-markers": dead_markers,
    "metadata-rows": metadata_rows,
    "hot-pixels": hot_pixels,
    "dead-rows": dead_rows,
    "beam-stop": beam_stop,
    "missing-cross": missing_cross,
    "averaged": averaged,
    "repeated": repeated,
    "interpolated": interpolated,
    "rounding": rounding,
    "descan": partial(descan, 2.0),
    "saturated-frame": saturated_frame,
}
"""Each takes counts (ny, nx, nky, nkx), unsigned, and a generator; returns an array of
the same shape, or of twice as many columns of positions."""


def degrade(name, counts, random_state=0):
    """Counts spoilt in one of the `DEGRADATIONS`, which has a seed of its own."""
    rng = np.random.default_rng([random_state, zlib.crc32(name.encode())])
    return DEGRADATIONS[name](counts, rng)


@dataclass
class Scene:
    """Counts, and the true maps (ny, nx) as far as they are known."""

    counts: np.ndarray
    domain: np.ndarray | None = None
    phase: np.ndarray | None = None


def _others(name):
    scan, truth = getattr(domain_scenes, name)()
    shape = scan.data.shape[:2]
    return Scene(scan.data, truth.domain.reshape(shape), truth.phase.reshape(shape))


def _battery():
    scan, truth = battery_interface((60, 66), (64, 58), random_state=1)
    # Grains along one zone axis are in-plane rotations of each other, which is what
    # `phases` can tell; those along others are not.
    zones = [zone for zone, _ in ORIENTATIONS[: truth.n_components - 1]]
    phase = np.array([0, *(1 + zones.index(zone) for zone in zones)])
    return Scene(scan.data, truth.domain, phase[truth.domain])


def _lco():
    return Scene(hs.load(domain_scenes.SHARED.joinpath(*_LCO)).data)


SCENES = {
    "naphi": partial(_others, "naphi"),
    "two_lattices": partial(_others, "two_lattices"),
    "battery_interface": _battery,
    "lco": _lco,
}


class OverTime(BaseException):
    """A call was stopped; no library takes it for an error of its own."""


@contextmanager
def stopped_after(seconds):
    """Raise `OverTime` in what takes longer, once it is back from compiled code."""

    def stop(*_):
        raise OverTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def attempt(call, limit, heard):
    """What a call returns, or None and why; its warnings are added to `heard`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with stopped_after(limit):
                result, failure = call(), None
        except OverTime:
            result, failure = None, f"over {limit:g} s"
        except Exception as error:
            result, failure = None, f"{type(error).__name__}: {error}"
    heard.update(f"{one.category.__name__}: {one.message}" for one in caught)
    return result, failure


def measure(counts, scene, limit):
    """Domains, phases and components of one scan, and how right its maps are.

    Returns
    -------
    dict
        Failures as ``"no domains"``, ``"no phases"``, ``"no components"``.
    dict of str to numpy.ndarray
        Labels at the positions of the scene.
    """
    scan, row, labels, heard = ElectronDiffraction2D(counts), {}, {}, set()
    step = counts.shape[1] // scene.counts.shape[1]
    start = time.perf_counter()
    # Methods are looked up within the attempt, since they are imported only then.
    calls = {
        "domains": lambda: scan.cluster_hierarchical(random_state=0),
        "phases": lambda: found.phases(),
    }
    for name, call in calls.items():
        found, failure = attempt(call, limit, heard)
        if failure:
            row[f"no {name}"] = failure
            break
        row[name], labels[name] = int(found.n_domains), found.labels[:, ::step]
    options = {"random_state": 0, "print_info": False}
    _, failure = attempt(lambda: scan.decomposition_rnmf(**options), limit, heard)
    if failure:
        row["no components"] = failure
    else:
        row["components"] = int(scan.learning_results.output_dimension)
    row["seconds"] = time.perf_counter() - start
    row["warnings"] = sorted(heard)
    for name, true in (("domains", scene.domain), ("phases", scene.phase)):
        if true is not None and name in labels:
            index = adjusted_rand_score(true.ravel(), labels[name].ravel())
            row[f"rand of {name}"] = float(index)
    return row, labels


def measure_scene(scene, names, limit, tell):
    """One row for each name; without truth, against the domains of the clean scan."""
    rows = {}
    if scene.domain is None:
        labels = measure(degrade("clean", scene.counts), scene, limit)[1]
        scene.domain = labels.get("domains")
    for name in names:
        counts = degrade(name, scene.counts)
        rows[name], _ = measure(counts, scene, limit)
        tell(f"  {name}: {rows[name]}")
    return rows


def write_table(rows):
    """One scan's rows, as reStructuredText."""
    header = ["degradation", "domains", "Rand index", "phases", "Rand index"]
    header += ["components", "warnings", "seconds"]
    table = []
    for name, row in rows.items():
        cells = [name]
        for what in ("domains", "phases", "components"):
            failure = textwrap.shorten(
                row.get(f"no {what}", ""), 36, placeholder=" ..."
            )
            cells.append(row.get(what, failure))
            if what != "components":
                index = row.get(f"rand of {what}")
                cells.append("" if index is None else f"{index:.3f}")
        table.append([*cells, len(row["warnings"]), f"{row['seconds']:.1f}"])
    return simple_table(header, table)


def _title(name, scene, has_truth):
    if not has_truth:
        return f"{name}: no truth, Rand index against the map of the clean scan"
    n = [len(np.unique(true)) for true in (scene.domain, scene.phase)]
    return f"{name}: {n[0]} domains, {n[1]} phases"


def main(arguments=None):
    """Measure, print the tables, write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--scans", nargs="+", choices=SCENES, default=list(SCENES))
    names = list(DEGRADATIONS)
    parser.add_argument("--degradations", nargs="+", choices=names, default=names)
    parser.add_argument("--limit", type=float, default=120, help="seconds a call")
    options = parser.parse_args(arguments)
    hs.preferences.General.show_progressbar = False
    tell = partial(print, file=sys.stderr, flush=True)
    record = {"package": str(Path(hyperspy_4dphase.__file__).parent), "scans": {}}
    print(f"Package: {record['package']}\n")
    for name in options.scans:
        tell(name)
        try:
            scene = SCENES[name]()
        except FileNotFoundError as error:
            print(f"{name}: skipped, {error}\n", flush=True)
            continue
        has_truth = scene.domain is not None
        rows = measure_scene(scene, options.degradations, options.limit, tell)
        record["scans"][name] = rows
        print(f"{_title(name, scene, has_truth)}\n\n{write_table(rows)}\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
