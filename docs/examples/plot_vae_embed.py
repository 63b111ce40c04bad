"""
Domains in a latent space
=========================

Every pattern of a scan becomes a point in a plane, so that like patterns lie together.
Dense regions of the plane are domains, which scikit-learn finds there without being
told how many there are.
"""

import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.neighbors import KNeighborsClassifier

from hyperspy_4dphase.data import domain_phantom

# %%
# The scan is simulated: vacuum, an amorphous region and eleven crystals, in shapes from
# large to narrow. A bar at the top fades from vacuum to one of the crystals.

s, truth = domain_phantom((80, 84), (48, 52), random_state=0)
s

# %%
# The autoencoder is trained on the scan as compression leaves it. By default it is
# trained for longer; 25 epochs are enough here.

embedding = s.vae_embed(epochs=25, random_state=0)
embedding

# %%
# HDBSCAN finds the dense regions. All that it must be told is the smallest domain of
# interest, here one position in 400. Positions in between get the domain of the nearest
# point that has one.

points = embedding.data.reshape(-1, 2)
found = HDBSCAN(min_cluster_size=len(points) // 400, copy=True).fit_predict(points)
sure = found >= 0
nearest = KNeighborsClassifier(1).fit(points[sure], found[sure])
labels = nearest.predict(points).reshape(80, 84)

# %%
# Latent plane and map in the same colours, and the mean pattern. In a window, a line
# drawn round points in the plane lights up their positions in the map, and shows their
# mean pattern.

view = embedding.plot_latent(labels, signal=s)

# %%
# ``select`` does the same from a script. This is the bar that fades: in latent space it
# is a path from vacuum to the crystal. No gap parts it, so where clustering cuts it is
# arbitrary.

view = embedding.plot_latent(labels, signal=s)
view.select(truth.maps["bar"])

# %%
# Any point of the plane decodes to a pattern without noise. On a grid, they show what
# changes from place to place.

embedding.plot_manifold(n=7)

# %%
# The bar aside, how many positions are in another domain than most of their true class?

wrong = np.zeros(labels.shape, dtype=bool)
for k in range(truth.n_components):
    here = (truth.domain == k) & ~truth.maps["bar"]
    wrong[here] = labels[here] != np.bincount(labels[here]).argmax()
print(f"{wrong.sum()} of {wrong.size}")
