"""
Before you believe a map
========================

Of a real scan nobody knows the truth. What there is to look at, and in which order:
what the values were taken for, what is left over, where the pattern makes steps, where
the maps disagree, what fits nothing, and whether another exposure gives the same map.
Here a scan is made to be looked at in this way, with something in it that no map shows.
"""

# sphinx_gallery_thumbnail_number = 3
import os
from pathlib import Path

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
from orix.quaternion import Rotation

import hyperspy_4dphase
from hyperspy_4dphase.data import (
    Camera,
    crystal_pattern,
    simulate_scan,
    structure,
    vacuum_pattern,
    zone_rotation,
)
from hyperspy_4dphase.plot import plot_confidence, plot_patterns

# %%
# Two grains that bend, in vacuum, and a particle of another crystal on one of them that
# covers five positions: too few to be a domain.

camera = Camera(signal_shape=(56, 60))
oxide, metal = structure("SrTiO3"), structure("Al")
tilts = np.linspace(-0.012, 0.012, 15)
grains = [
    [
        crystal_pattern(
            oxide,
            zone_rotation(oxide, zone, 20)
            * Rotation.from_axes_angles((1, 0.4, 0), tilt),
            camera,
        )
        for tilt in tilts
    ]
    for zone in ((0, 0, 1), (0, 1, 1))
]
particle = crystal_pattern(metal, zone_rotation(metal, (1, 1, 2), 50), camera)
patterns = np.stack(
    [*grains, [vacuum_pattern(camera)] * len(tilts), [particle] * len(tilts)]
)

y, x = np.indices((44, 52))
inside = np.hypot((y - 22) / 19, (x - 26) / 24) < 1
abundance = np.zeros((44, 52, 4))
abundance[..., 0] = inside & (x + 0.4 * y < 35)
abundance[..., 1] = inside & (x + 0.4 * y >= 35)
abundance[..., 2] = ~inside
on_top = np.hypot((y - 16) / 1.2, (x - 16) / 1.8) < 1
abundance[on_top] = 0.45, 0, 0, 0.55
s, _ = simulate_scan(
    patterns,
    abundance,
    1000,
    camera=camera,
    variant=np.clip(0.5 + 0.5 * np.sin(x / 9), 0, 1) * (len(tilts) - 1),
    scan_step=2.0,
    random_state=0,
    title="A scan without truth",
)

# %%
# **What were the values taken for, and what is left over?** The first lines that are
# printed say the first. ``residual`` says the second: about 1 where what is left of a
# pattern is noise. A bright spot is a pattern that is not described.

compression = hyperspy_4dphase.compress(s, random_state=0)
print(compression.noise_model)
float(np.nanmax(compression.residual))

# %%
# **Is there a step along each border?** A bright place without a blue line is something
# that the map does not have, here the particle; a line without a ridge stands on
# patterns alone.

domains = s.cluster_hierarchical(compression=compression, random_state=0)
domains.plot_steps()

# %%
# **What fits nothing?** Among the doubts, *misfit* is about the scan and not about the
# map: the pattern fits neither its domain nor a mixture with what is around. The other
# doubts tell why a label may be wrong: a mixture, few counts, a split that comes and
# goes.

confidence = s.domain_confidence(domains, compression=compression, random_state=0)
confidence.plot_doubts(["boundary", "noise", "unresolved", "misfit"])

# %%
# Misfit is small, but at a few positions many times what it is anywhere else. Here are
# their patterns, summed, beside the mean of their domain: other spots are there, too.

misfit = np.nan_to_num(confidence.doubts["misfit"])
usual = np.quantile(misfit, 0.99)
odd = misfit > max(5 * usual, 0.02)
print(f"misfit: {usual:.3f} at 99 % of the positions, up to {misfit.max():.3f}")
label = np.bincount(domains.labels[odd]).argmax()
mean = domains.mean_patterns().inav[int(label)].data
fig = plt.figure(figsize=(9, 3), layout="constrained")
left, right = fig.subfigures(1, 2, width_ratios=(1, 1.5))
ax = left.add_subplot()
domains.plot(ax=ax, legend=False, title=f"{odd.sum()} positions that fit nothing")
row, column = 2.0 * np.argwhere(odd).T
ax.plot(column, row, "k.", ms=4)
titles = ["their mean pattern", f"mean of domain {label}"]
plot_patterns([s.data[odd].mean(axis=0), mean], titles, fig=right)

# %%
# With a border drawn by hand the particle is a domain. This is recorded in the map.

by_hand = domains.split(int(label), by=odd)
print(by_hand.sizes, by_hand.provenance["changes"])

# %%
# **Would another exposure give the same map?** Each electron goes to one of two halves,
# by the toss of a coin, and both halves are mapped. A Rand index of 1 says that the
# maps are equal; a gain above 0 that the domains of one half predict the other; a gain
# of parts above 0 that there is more in the domains, here that they bend.

repeated = s.domain_confidence(n_maps=5, exposures=2, random_state=0, print_info=False)
for name, value in repeated.exposures.items():
    print(f"{name:<15}", np.round(value, 3).tolist())

# %%
# **A real scan.** The same on Bragg peaks that were measured on a battery cathode,
# drawn as spots on a background with counting noise: positions and intensities are
# real. Nobody knows the truth. Where the confidence is low, or steps have no line, the
# map is not to be believed as it stands: look at :meth:`plot_continuum
# <hyperspy_4dphase.DomainMap.plot_continuum>`, count more electrons, or draw by hand.

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
file = data / "lco_spinel_real_peaks" / "lco_spinel_rendered_80x58x96x96.hspy"
judged = None
if file.exists():
    real = hs.load(file)
    real.metadata.General.title = "LCO particle"
    compression = hyperspy_4dphase.compress(real, random_state=0)
    found = real.cluster_hierarchical(compression=compression, random_state=0)
    judged = real.domain_confidence(
        found,
        compression=compression,
        n_maps=9,
        exposures=2,
        random_state=0,
        print_info=False,
    )
    fig, axes = plt.subplots(1, 3, figsize=(9, 3.8), layout="constrained")
    found.plot(ax=axes[0], title="domains", legend=False)
    found.plot_steps(ax=axes[1], title="steps")
    plot_confidence(judged.data, title="confidence", ax=axes[2])
else:
    print(f"Left out: {file} is not there. HYPERSPY_4DPHASE_DATA names its folder.")

# %%
# Is there anything that fits nothing? The misfit is small everywhere, so there is no
# particle as above. But it is larger in one place, where the confidence is low as well:
# this part of the crystal may be a domain of its own, which the map does not have.

if judged is not None:
    misfit = judged.doubts["misfit"].data
    print(f"misfit: {np.nanmedian(misfit):.3f} (median), up to {np.nanmax(misfit):.3f}")
    odd = misfit > np.nanquantile(misfit, 0.97)
    for where, inside in (("largest misfit", odd), ("elsewhere", ~odd)):
        print(f"{where}: mean confidence {np.nanmean(judged.data[inside]):.2f}")
    judged.plot_doubts(["misfit"])

# %%
# And another exposure? A map was made of each half of the electrons. A domain whose
# overlap with both is 0 is in neither of them. It takes all electrons to find it: it is
# less sure than the others.

if judged is not None:
    exposures = judged.exposures
    print(f"Rand index {exposures['rand_index']:.2f}, gain {exposures['gain']:.0f},")
    print(f"gain of parts {exposures['gain_of_parts']:.0f}")
    labels = judged.at_threshold(0).labels
    for label, overlap in enumerate(exposures["overlap"]):
        size = np.count_nonzero(labels == label)
        print(f"domain {label}, {size} positions: overlap {np.round(overlap, 2)}")
