"""
Components: two oxides, and a battery interface
===============================================

The two demonstrations of Werbrouck et al. (arXiv:2507.17068), on simulated scans: two
amorphous oxides, whose diffuse rings differ in radius only, under a direct beam that is
far brighter; and grains of a layered oxide beside an amorphous electrolyte.
*Randomized* non-negative matrix factorization separates them, without masking the beam
and without being told how many components there are.
"""

# sphinx_gallery_thumbnail_number = 2
import os
from pathlib import Path

import hyperspy.api as hs
import numpy as np

import hyperspy_4dphase
from hyperspy_4dphase.data import battery_interface, oxide_bilayer
from hyperspy_4dphase.plot import plot_components, plot_scree

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
maps

# %%
# Each component's pattern, on a scale on which rings are seen beside the beam, and its
# map. The rings stand out, and the map of one film holds little of the other.

s.get_decomposition_result().plot_components()

# %%
# The truth, in the same way, and how much each true map has in common with the one that
# is most like it: the cosine is 1 where two maps are the same.


def cosine(a, b):
    return np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)


def compare(s, truth):
    """Draw true patterns and maps, in the order of the components that they are."""
    x, y = s.axes_manager.navigation_axes
    found = s.get_decomposition_loadings().data
    true = np.moveaxis(truth.abundance, -1, 0)
    fits = np.array([[cosine(one, other) for other in found] for one in true])
    order = np.argsort(fits.argmax(axis=1))
    names = [truth.component_names[i] for i in order]
    plot_components(
        truth.patterns[order],
        true[order],
        names=names,
        title="truth",
        extent=(0, x.size * x.scale, y.size * y.scale, 0),
        units=x.units,
    )
    for name, fit in zip(names, fits[order], strict=True):
        print(f"{name:<18}component {fit.argmax()}, cosine of maps {fit.max():.3f}")


compare(s, truth)

# %%
# The second scan: four grains of NMC622 beside the amorphous electrolyte LGPS. Each
# grain's pattern is a component of its own, and so is the halo of the electrolyte.

battery, battery_truth = battery_interface((56, 64), (88, 92), random_state=0)
battery.decomposition_rnmf(random_state=0)
battery.get_decomposition_result().plot_components()

# %%
# The truth:

compare(battery, battery_truth)

# %%
# What the printed number rests on: directions above the edge of the noise are
# structure, and everything below is counting noise, whose edge is known.

compression = hyperspy_4dphase.compress(battery, random_state=0, print_info=False)
plot_scree(
    compression.singular_values,
    compression.noise_edge,
    number=compression.n_significant,
)

# %%
# **Real patterns.** Averages of classes of textured rings, measured by others, mixed on
# a measured map of labels, with counting noise.

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
file = data / "naphi_real_endmembers" / "naphi_50x50x64x64.hspy"
if file.exists():
    real = hs.load(file)
    real.decomposition_rnmf(random_state=0)
    real.get_decomposition_result().plot_components()
else:
    print(f"Left out: {file} is not there. HYPERSPY_4DPHASE_DATA names its folder.")
