"""
Two amorphous materials told apart
==================================

A thin film of amorphous TiO2 lies on amorphous SiO2. Both give diffuse rings that
differ in radius only, under a direct beam that is far brighter. *Randomized*
non-negative matrix factorization separates them, without masking the beam and without
being told how many components there are.
"""

import matplotlib.pyplot as plt
import numpy as np

from hyperspy_4dphase.data import oxide_bilayer

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


n = maps.axes_manager.navigation_size
fig, axes = plt.subplots(3, n, figsize=(2.6 * n, 6.4), squeeze=False)
for k in range(n):
    found = maps.inav[k].data
    fits = [cosine(found, truth.abundance[..., j]) for j in range(truth.n_components)]
    best = int(np.argmax(fits))
    image = np.log1p(patterns.inav[k].data / patterns.inav[k].data.mean())
    axes[0, k].imshow(image, cmap="magma")
    axes[0, k].set_title(f"component {k}")
    axes[1, k].imshow(found, cmap="gray")
    axes[1, k].set_title("its map")
    axes[2, k].imshow(truth.abundance[..., best], cmap="gray")
    axes[2, k].set_title(f"true {truth.component_names[best]}\ncosine {max(fits):.3f}")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
fig.tight_layout()
