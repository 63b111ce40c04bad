"""
Orientations of all positions, and pyxem's
==========================================

Domains are named by their mean patterns, and the orientation of each position is
refined around that of its domain. pyxem matches each pattern with a library of all
orientations. Here both are done with every position of one scan, and compared: how long
they take, where they agree, and how far both are from the truth.
"""

# sphinx_gallery_thumbnail_number = 1
import os
import time
from pathlib import Path

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.crystal_map import CrystalMap, PhaseList
from orix.plot import IPFColorKeyTSL
from orix.quaternion import Orientation, Rotation
from orix.sampling import get_sample_reduced_fundamental
from scipy.ndimage import gaussian_filter

from hyperspy_4dphase.data import Camera, crystal_pattern, simulate_scan, structure
from hyperspy_4dphase.plot import plot_phases

# %%
# A scan is simulated: three grains of SrTiO3 and three of silicon, each bent by 1.5
# degrees either way, 30,000 electrons a pattern, and a beam that is nearly parallel.
# Orientations were drawn at random, and those kept whose patterns have 15 bright spots
# at least, and look different after any half turn: what no pattern can tell, as in a
# zone axis, is no matter here. (See :ref:`sphx_glr_auto_examples_plot_look_alikes.py`
# for that.)

camera = Camera((128, 128), scale=1.4 / 62, convergence=0.4)
thickness = 8
grains = [
    ("SrTiO3", (73, 108, 350)),
    ("SrTiO3", (229, 64, 199)),
    ("SrTiO3", (177, 120, 297)),
    ("Si", (246, 55, 236)),
    ("Si", (62, 64, 198)),
    ("Si", (114, 154, 232)),
]
bend = Rotation.from_axes_angles((1, 0.4, 0.3), np.linspace(-1.5, 1.5, 31), True)
turns = [Rotation.from_euler(euler, degrees=True) * bend for _, euler in grains]
patterns = [
    [crystal_pattern(structure(name), one, camera, thickness=thickness) for one in own]
    for (name, _), own in zip(grains, turns, strict=True)
]

y, x = np.indices((24, 32))
seeds = np.array([(5, 6), (12, 27), (19, 5), (6, 18), (13, 11), (20, 20)])
grain = np.hypot(y[..., None] - seeds[:, 0], x[..., None] - seeds[:, 1]).argmin(axis=-1)
variant = (0.5 + 0.5 * np.sin(x / 8 + y / 16)) * (bend.size - 1)
s, truth = simulate_scan(
    np.array(patterns),
    gaussian_filter(np.eye(6)[grain], (0.6, 0.6, 0), mode="nearest"),
    30_000,
    variant=variant,
    camera=camera,
    scan_step=2.0,
    random_state=0,
)
true = np.array([own.data for own in turns])[grain, np.rint(variant).astype(int)]

# %%
# Ours: the whole way, and then every position.

seconds = {}
start = time.perf_counter()
candidates = [structure(name) for name in ("SrTiO3", "Si", "TiO2", "NMC622")]
result = s.map_phases(candidates, confidence=False, random_state=0, print_info=False)
seconds["ours: from the scan to its names"] = time.perf_counter() - start
start = time.perf_counter()
refined = result.phases.orientations(s)
seconds["ours: every position"] = time.perf_counter() - start
result.phases.report()

# %%
# pyxem: a library of all orientations of both phases, one degree apart, is simulated,
# patterns are transformed to polar coordinates, and the smooth background of each ring
# is taken off. **Every position is matched.** What helps pyxem most is done: the
# library is told the thickness of the crystals, which ours is not; both patterns and
# templates are square roots of intensities; and half degrees in the plane are told
# apart.

phases = [structure(name) for name in ("SrTiO3", "Si")]
start = time.perf_counter()
sampled = [
    get_sample_reduced_fundamental(resolution=1, point_group=phase.point_group)
    for phase in phases
]
width = np.pi / 2 * 0.886 / (10 * thickness)
library = SimulationGenerator(
    200, minimum_intensity=1e-4, shape_factor_model="lorentzian"
).calculate_diffraction2d(
    phases,
    rotation=sampled,
    reciprocal_radius=1.4,
    max_excitation_error=2.5 * width,
    shape_factor_width=width,
    with_direct_beam=False,
)
for template in np.concatenate(library.coordinates):
    template.intensity = np.sqrt(template.intensity)
seconds["pyxem: library"] = time.perf_counter() - start

start = time.perf_counter()
polar = s.get_azimuthal_integral2d(
    npt=112, npt_azim=720, radial_range=(0.0, 1.4), mean=True, show_progressbar=False
)
background = np.median(polar.data, axis=-1, keepdims=True)
polar.data = np.sqrt(np.clip(polar.data - background, 0, None))
# Both axes begin half a bin too low.
for axis in polar.axes_manager.signal_axes:
    axis.offset += axis.scale / 2
seconds["pyxem: polar patterns"] = time.perf_counter() - start
start = time.perf_counter()
found = polar.get_orientation(library, n_best=1, frac_keep=1, show_progressbar=False)
seconds["pyxem: every position"] = time.perf_counter() - start

# %%
# Faults of pyxem 0.21 are corrected (see :doc:`/upstream`): it is compared as it would
# be without them. Its axes begin half a bin too low (above), and so do the angles that
# are read from them; in-plane angles are off by half a turn; and mirrored matches have
# the wrong third angle for trigonal crystals.

index, _, angle, factor = np.moveaxis(found.data[..., 0, :], -1, 0)
index = index.astype(int)
phase_of = np.repeat([0, 1], [turn.size for turn in sampled])[index]
euler = Rotation(np.concatenate([turn.data for turn in sampled]))
euler = euler.to_euler(degrees=True)[index]
mirrored = factor < 0
half_a_bin = np.rad2deg(polar.axes_manager.signal_axes[0].scale) / 2
euler[..., 0] = angle - half_a_bin + 180
euler[..., 1] *= np.where(mirrored, -1, 1)
euler[..., 2] = np.where(mirrored, 180 - euler[..., 2], euler[..., 2])
theirs = Rotation.from_euler(euler, degrees=True)

# %%
# Both as crystal maps of orix, in the colours of the inverse pole figure of the beam's
# direction.

our_map = refined.to_crystal_map()
pyxem_map = CrystalMap(
    Rotation(theirs.data.reshape(-1, 4)),
    phase_of.ravel(),
    2.0 * x.ravel(),
    2.0 * y.ravel(),
    phase_list=PhaseList(phases),
    scan_unit="nm",
)


def draw(xmap, title, fig):
    """Draw phases and orientations of a crystal map, and what colours mean."""
    ids = xmap.phase_id.reshape(xmap.shape)
    groups = {phase.name: phase.point_group for phase in phases}
    rgb = np.full((xmap.size, 3), np.nan)
    for i, phase in xmap.phases:
        inside = xmap.phase_id == i
        if phase.name in groups and inside.any():
            turned = Orientation(xmap.rotations[inside], symmetry=phase.point_group)
            rgb[inside] = IPFColorKeyTSL(phase.point_group).orientation2color(turned)
    names = [xmap.phases[i].name for i in range(ids.max() + 1)]
    plot_phases(
        ids,
        names,
        [our_map.phases[name].color_rgb for name in names],
        orientations=rgb.reshape(*ids.shape, 3),
        orientations_title="inverse pole figure, z",
        point_groups=groups,
        title=title,
        extent=(-1, 63, 47, -1),
        units="nm",
        fig=fig,
    )


fig = plt.figure(figsize=(9, 6.4), layout="constrained")
for part, name, xmap in zip(
    fig.subfigures(2, 1), ("ours", "pyxem"), (our_map, pyxem_map), strict=True
):
    time_taken = f"{seconds[name + ': every position']:.1f} s"
    draw(xmap, f"{name}: {xmap.size} positions in {time_taken}", part)

# %%
# Degrees between both, and of each to the truth, modulo the symmetry of the crystals:
# the median, and the share of the unmixed positions of each grain within one degree. A
# position with the wrong phase counts as wrong.


def degrees_between(first, second, name):
    """Angles between orientations, modulo the crystal's symmetry."""
    group = structure(name).point_group
    first, second = (Orientation(turn, symmetry=group) for turn in (first, second))
    return first.angle_with(second, degrees=True)


unmixed = truth.mixedness < 0.1
print("           positions   ours - truth   pyxem - truth   ours - pyxem")
print("                       median   < 1°   median    < 1°   median  < 1°")
close = []
for k, (name, _) in enumerate(grains):
    own = (grain == k) & unmixed
    ours, pyxem, t = refined.rotations.data[own], theirs.data[own], true[own]
    we_know = refined.phase_ids[own] == refined.names.index(name)
    they_know = phase_of[own] == [phase.name for phase in phases].index(name)
    rows = [
        (ours, t, we_know),
        (pyxem, t, they_know),
        (ours, pyxem, we_know & they_know),
    ]
    line = f"{k}: {name:<8}{own.sum():>9}"
    for first, second, known in rows:
        degrees = degrees_between(first, second, name)
        close.append(known & (degrees < 1))
        line += f"{np.median(degrees):>10.2f}{close[-1].mean():>7.0%}"
    print(line)
for i, what in enumerate(
    ("ours, of the truth", "pyxem, of the truth", "of each other")
):
    print(f"within 1° {what:<22}{np.concatenate(close[i::3]).mean():.1%}")

# %%
# Times, of two threads.

for name, value in seconds.items():
    print(f"{name:<34}{value:8.1f} s")

# %%
# **A real particle** of a battery cathode: Bragg peaks that were measured, drawn as
# spots on a background with counting noise. Nobody knows the truth, and pyxem's library
# of all orientations is left out. Neither the beam energy nor how the detector was
# mounted is known: 300 kV are assumed, and orientations may be those of a mirror image.
# Around the particle there is the background only. It is smooth, as that of a glass,
# and is called amorphous.

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
file = data / "lco_spinel_real_peaks" / "lco_spinel_rendered_80x58x96x96.hspy"
cif = data / "cif"
refined = None
if file.exists() and cif.exists():
    real = hs.load(file)
    structures = {
        "LiCoO2": cif / "LCO.cif",
        "Li2MnO3": cif / "Li2MnO3.cif",
        "LiMn2O4": cif / "LiMn2O4.cif",
    }
    named = real.map_phases(
        structures, 300, confidence=False, random_state=0, print_info=False
    )
    if np.isfinite(named.phases.quaternions).any():
        refined = named.phases.orientations(real)
        refined.plot(patterns=False, title="LCO particle")
    else:
        print("No domain is indexed: there is no orientation to refine.")
else:
    print(f"Left out: {file} is not there. HYPERSPY_4DPHASE_DATA names its folder.")

# %%
# What can be believed of it? How far positions are turned against their domain, where
# this is more than what the angle is known to. The orientation of a whole domain is
# less certain: its spots are of one zone, and several orientations, far from each
# other, fit them as well. One of them was taken. So colours within a domain can be
# compared, those of two domains cannot. A position at the edge of what was searched may
# be turned by more, or hold no such crystal.

if refined is not None:
    print(f"with an orientation: {np.isfinite(refined.match.data).mean():.0%}")
    labels = refined.domains.labels
    for row, others in zip(refined.report(), refined.alternatives, strict=True):
        own = labels == row.domain
        if not len(others.orientations.data):
            print(f"domain {row.domain}: {row.phase}, no orientation")
            continue
        turned, known, edge = (
            np.asarray(values.data)[own]
            for values in (refined.misorientation, refined.uncertainty, refined.at_edge)
        )
        print(f"domain {row.domain}, {own.sum()} positions: {' or '.join(row.set)}")
        print(f"  turned against the domain: {np.nanmedian(turned):.1f}° (median),")
        print(f"  known to {np.nanmedian(known):.1f}°; at the edge: {edge.mean():.0%}")
        print(
            f"  {len(others.angles)} orientations fit alike, up to "
            f"{others.angles.max():.0f}° apart"
        )
