"""
What a camera does to counts
============================

A camera does not write counts. An electron gives several units, on top of an offset and
with readout noise; some pixels are hot, some flicker, and X-rays leave single high
values. The first read of a scan finds all this out. Here is the same scan mapped
without this knowledge and with it.
"""

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import adjusted_rand_score

import hyperspy_4dphase
from hyperspy_4dphase.data import strained_flake
from hyperspy_4dphase.plot import plot_domains, plot_patterns

# %%
# Electrons first: a triangle of WS2 in WSe2, simulated, with six true domains.

counts, truth = strained_flake((48, 60), (64, 56), random_state=0)
electrons = counts.data.astype(float)
rng = np.random.default_rng(0)

# %%
# Faults of the detector: three hot pixels, which count 300 electrons more in every
# pattern; two pixels that flicker, so that they have any value; and sixty X-rays.

hot = [9, 40, 52], [44, 6, 30]
flickering = [20, 48], [44, 13]
electrons[:, :, *hot] += rng.poisson(300, (48, 60, 3))
electrons[:, :, *flickering] = rng.integers(0, 400, (48, 60, 2))
x_rays = rng.choice(electrons.size, 60, replace=False)
electrons.flat[x_rays] = rng.integers(400, 5000, 60)

# %%
# The camera: 12 units an electron, an offset of 50, a readout noise of 3, and whole
# numbers that are not below 0.

values = 12 * electrons + rng.normal(50, 3, electrons.shape)
s = counts.deepcopy()
s.data = np.clip(np.rint(values), 0, 65535).astype(np.uint16)

# %%
# With default settings the information that is printed tells what was found: gain,
# offset and readout noise, how many pixels are left out, and how many single values are
# replaced.

domains = s.cluster_hierarchical(random_state=0)

# %%
# The same as numbers, which every compression holds. Gain, offset and readout noise
# are estimates: what was simulated is 12, 50 and 3.

compression = hyperspy_4dphase.compress(s, random_state=0)
{name: compression.detector[name] for name in ("gain", "offset", "readout_noise")}

# %%
# Left out are the hot pixels and those that flicker. X-rays are single values: only
# these are replaced, and their pixels are used.

fig = plt.figure(figsize=(5, 5), layout="constrained")
plot_patterns([s.data.mean((0, 1)) - 50], ["mean pattern"], fig=fig)
ax = fig.axes[0]
faulty = compression.faulty_pixels.reshape(compression.signal_shape)
y, x = np.nonzero(faulty)
ax.scatter(x, y, s=150, facecolors="none", edgecolors="cyan", label="left out")
y, x = np.divmod(compression.replaced[1].astype(int), s.data.shape[3])
ax.scatter(x, y, s=15, c="white", marker="x", lw=0.8, label="one value replaced")
ax.legend(loc="lower right", fontsize="small")

# %%
# Now without this knowledge. ``keep_faulty=True`` uses every value as it is, and
# ``normalize_poissonian_noise=False`` takes the noise to be the same everywhere, as
# clustering of plain values does. The second map is between the two: gain and offset
# are found, but the faults are kept.

plain = s.cluster_hierarchical(
    keep_faulty=True, normalize_poissonian_noise=False, random_state=0
)
kept = s.cluster_hierarchical(keep_faulty=True, random_state=0)

# %%
# The maps, side by side, with the adjusted Rand index: 1 where a map is the true one.
# Colours only tell the domains of one map apart. Without scaled noise the direct beam
# decides, and strain is not seen. With the faults left in, X-rays and flickering pixels
# scatter positions over domains that do not exist.

maps = [
    ("truth", truth.domain),
    ("values as they are", plain.labels),
    ("faults kept", kept.labels),
    ("default", domains.labels),
]
fig, axes = plt.subplots(2, 2, figsize=(7.4, 6.8), layout="constrained")
x, y = counts.axes_manager.navigation_axes
place = {"extent": (0, 60 * x.scale, 48 * y.scale, 0), "units": x.units}
for ax, (title, labels) in zip(axes.flat, maps, strict=True):
    index = adjusted_rand_score(truth.domain.ravel(), labels.ravel())
    found = f"{labels.max() + 1} domains"
    if title != "truth":
        found += f", Rand index {index:.3f}"
    plot_domains(labels, title=f"{title}\n{found}", legend=False, ax=ax, **place)
