"""
Components: two oxides, and a battery interface
===============================================

The two demonstrations of Werbrouck et al. (arXiv:2507.17068), on simulated scans: two
amorphous oxides, whose diffuse rings differ in radius only, under a direct beam that is
far brighter; and grains of a layered oxide beside an amorphous electrolyte.
*Randomized* non-negative matrix factorization separates them, without masking the beam
and without being told how many components there are.
"""

# sphinx_gallery_thumbnail_number = 3
import os
from pathlib import Path

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np

import hyperspy_4dphase
from hyperspy_4dphase.data import battery_interface, oxide_bilayer

# %%
# The scan is simulated, with about 2,400 electrons in a pattern, so the truth is known.
# ``hs.load`` would give the same kind of signal.

s, truth = oxide_bilayer((48, 64), (72, 80), random_state=0)
s

# %%
# One pattern shows little of the rings, and this is all there is at each position.

s.inav[32, 40].plot(norm="symlog", title="One pattern of the SiO2")

# %%
# The method is there, as on every diffraction signal. It reads the scan a few times,
# compresses it to what rises above counting noise, and chooses how many components
# there are.

s.decomposition_rnmf(random_state=0)

# %%
# The result is where HyperSpy puts that of any decomposition, so its methods take over.
# Loadings are the maps, factors the patterns; both are calibrated signals. They are
# saved with the scan, ``s.save("mapped.zspy")``, and are there again after ``hs.load``.

maps = s.get_decomposition_loadings()
patterns = s.get_decomposition_factors()
maps

# %%
# Each component's pattern (logarithmic) and map, above the true map that it resembles
# most. The rings stand out, and the map of one film holds little of the other.


def cosine(a, b):
    return np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)


def draw_components(s, truth=None):
    """Patterns above maps, above the true map that each resembles most."""
    maps, patterns = s.get_decomposition_loadings(), s.get_decomposition_factors()
    n = maps.axes_manager.navigation_size
    n_rows = 2 if truth is None else 3
    fig, axes = plt.subplots(
        n_rows, n, figsize=(2.1 * n, 2.2 * n_rows), squeeze=False, layout="constrained"
    )
    for k, column in enumerate(axes.T):
        found, pattern = maps.inav[k].data, patterns.inav[k].data
        column[0].imshow(np.log1p(pattern / pattern.mean()), cmap="magma")
        column[0].set_title(f"component {k}")
        column[1].imshow(found, cmap="gray")
        if truth is None:
            continue
        true = np.moveaxis(truth.abundance, -1, 0)
        fits = [cosine(found, one) for one in true]
        best = int(np.argmax(fits))
        column[2].imshow(true[best], cmap="gray")
        column[2].set_title(f"{truth.component_names[best]}\ncosine {max(fits):.3f}")
    for ax, name in zip(axes[:, 0], ("pattern", "map", "true map"), strict=False):
        ax.set_ylabel(name)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])


draw_components(s, truth)

# %%
# The second scan: four grains of NMC622 beside the amorphous electrolyte LGPS. Each
# grain's pattern is a component of its own, and so is the halo of the electrolyte.

battery, battery_truth = battery_interface((56, 64), (88, 92), random_state=0)
battery.decomposition_rnmf(random_state=0)
draw_components(battery, battery_truth)

# %%
# What the printed number rests on: directions above the edge of the noise are
# structure, and everything below is counting noise, whose edge is known.

compression = hyperspy_4dphase.compress(battery, random_state=0, print_info=False)
fig, ax = plt.subplots(figsize=(5.5, 3.2), layout="constrained")
values = compression.singular_values
ax.semilogy(np.arange(1, len(values) + 1), values, "o", ms=4)
ax.axhline(compression.noise_edge, color="C1", label="edge of the noise")
ax.set(xlabel="direction", ylabel="singular value")
ax.legend()

# %%
# **Real patterns.** Averages of classes of textured rings, measured by others, mixed on
# a measured map of labels, with counting noise.

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
file = data / "naphi_real_endmembers" / "naphi_50x50x64x64.hspy"
if file.exists():
    real = hs.load(file)
    real.decomposition_rnmf(random_state=0)
    draw_components(real)
else:
    print(f"Left out: {file} is not there. HYPERSPY_4DPHASE_DATA names its folder.")
