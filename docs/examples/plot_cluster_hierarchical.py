"""
Domains and strain of a flake
=============================

A scan is split into domains, and these again, as long as there is a gap between their
patterns. Nobody says how many domains there are. A tree keeps what was split, how
surely, and why no further.
"""

# sphinx_gallery_thumbnail_number = 2
import os
from pathlib import Path

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
from orix.crystal_map import Phase
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.data import strained_flake

# %%
# The scan is simulated: a triangle of WS2 in WSe2, one layer thick. Where they meet,
# WS2 is stretched in a rim round its core, and WSe2 is compressed along each side of
# the triangle, by 2 % each. The flake is bent and rippled all over.

s, truth = strained_flake((64, 72), (96, 90), random_state=0)
s

# %%
# It is compressed, and split until nothing distinct is left.

domains = s.cluster_hierarchical(random_state=0)
domains

# %%
# The tree, with the mean pattern of each domain. Black numbers are positions; grey
# ones tell how much the parts differ, in standard deviations of the noise of a single
# pattern. Below each domain stands why it was split no further: there is no gap.

domains.plot_tree()

# %%
# Level by level: vacuum and flake, then WSe2 and WS2, then the strained variants of
# either.

fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
for level, ax in enumerate(axes, start=1):
    domains.at_level(level).plot(title=f"level {level}", legend=False, ax=ax)

# %%
# What parts the sides of WSe2? Their mean patterns look alike. Below is what each side
# has more (red) or less (blue) than all three together. Its spots are shifted: outwards
# along the direction in which it is compressed, inwards across it.

by_size = sorted(domains.tree.at_level(2), key=lambda node: -domains.tree.size[node])
vacuum, selenide, sulphide = by_size
domains.plot_split(selenide)

# %%
# WS2 is parted into its core and its rim. All spots of the rim are shifted inwards: it
# is stretched in all directions.

domains.plot_split(sulphide)

# %%
# Bending changes the brightness of spots, yet no domain was cut because of it: it does
# so continuously, and between flat and bent patterns there are all others. By hand we
# can cut where the program did not, here one side of WSe2 by its true slope. The
# difference, on a scale several times as fine, is mostly one of brightness: of whole
# spots, and of the direct beam.

side = domains.tree.leaves(selenide)[0]
slope = truth.maps["tilt"][..., 0]
middle = np.median(slope[domains.labels == side])
cut = domains.split(side, by=slope > middle)
by_hand = next(n for n in cut.tree if n.reason == "by hand" and n.children)
cut.plot_split(by_hand.number)

# %%
# Agreement with the truth: the adjusted Rand index is 1 where two maps are the same.

for name, found, true in [
    ("phases, level 2", domains.at_level(2), truth.phase),
    ("domains", domains, truth.domain),
]:
    index = adjusted_rand_score(true.ravel(), found.labels.ravel())
    print(f"{name:<18}{found.n_domains} found, adjusted Rand index {index:.4f}")

# %%
# Domains become phases where they are one structure turned by some angle. In a lattice
# of six-fold symmetry, a compression along another side of the triangle is just that,
# and 2 % of strain are within what a phase may have.

phases = domains.phases()
print(np.round(phases.angles).astype(int), "degrees")
phases.sizes

# %%
# orix takes the map. Vacuum, domain 0, is no phase.

crystals = [
    Phase("WSe2", space_group=194, color="orange"),
    Phase("WS2", space_group=194, color="seagreen"),
]
xmap = phases.to_crystal_map(crystals, phase_ids=[-1, 0, 1])
xmap

# %%

xmap.plot(remove_padding=True)

# %%
# Map and patterns are linked. After ``%matplotlib widget`` a click into the map shows
# the pattern of that position beside the mean of its domain, and a click on a mean
# pattern outlines its domain. Here it is done by hand.

view = domains.plot_linked(show_progressbar=False)
view.select(20, 36)
view.outline(side)

# %%
# **Real patterns**: textured rings that were measured, on a measured map of labels. Six
# classes are four phases, since some are one structure that is turned.

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
file = data / "naphi_real_endmembers" / "naphi_50x50x64x64.hspy"
if file.exists():
    real = hs.load(file)
    known = np.load(file.with_name("ground_truth.npz"))
    found = real.cluster_hierarchical(random_state=0, print_info=False)
    turned = found.phases()
    fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    found.plot(ax=axes[0], title="domains")
    turned.plot(ax=axes[1], title="phases")
    for name, labels, true in (
        ("domains", found.labels, known["class_id"]),
        ("phases", turned.labels, known["phase_id"]),
    ):
        index = adjusted_rand_score(true.ravel(), labels.ravel())
        print(f"{name:<18}{labels.max() + 1} found, adjusted Rand index {index:.4f}")
else:
    print(f"Left out: {file} is not there. HYPERSPY_4DPHASE_DATA names its folder.")
