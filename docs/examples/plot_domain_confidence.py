"""
How sure is the map?
====================

A scan of few electrons is embedded in a latent plane, the plane is distorted and
clustered many times, and the maps are compared, with each other and with the scan. The
result is a map of domains, and for each position the probability that its domain is
right. Here the truth is known, so it can be seen whether that is so.
"""

# sphinx_gallery_thumbnail_number = 5
import matplotlib.pyplot as plt
import numpy as np

from hyperspy_4dphase.data import battery_interface
from hyperspy_4dphase.plot import (
    plot_confidence,
    plot_patterns,
    plot_sure_domains,
)

# %%
# The scan is simulated: an amorphous electrolyte and four crystalline grains, 300
# electrons a pattern. The probe is wider than the boundaries, so patterns there are
# mixtures. ``hs.load`` would give the same kind of signal.

s, truth = battery_interface((56, 64), (48, 52), dose=300, random_state=0)
s

# %%
# One call trains an autoencoder, distorts its latent plane, clusters, compares, and
# trains again where the maps do not agree, as long as that helps. By default it makes
# 25 maps, and trains for longer.

confidence = s.domain_confidence(
    source={"epochs": 12}, n_maps=11, n_rounds=3, random_state=0
)
confidence

# %%
# What came of each round. A position is consistent if it is 90 % sure at least;
# information is what the posterior of a position tells of its domain. Rounds end when
# neither rises, and the one with the most information is kept. Here the first one was
# as good as the second, or better: grains are large and distinct.

confidence.plot_rounds()

# %%
# The latent plane of that round, and the map. Positions that are not sure enough are
# unassigned, and grey: they lie between the domains, in the plane as in the map.

sure = confidence.at_threshold(0.9)
view = confidence.embedding.plot_latent(sure.labels, signal=s)

# %%
# Where doubts come from. Along the wide boundary of the electrolyte, another domain may
# be the larger part of a mixture, and other maps draw this boundary in another place.
# Noise alone leaves little in doubt here, as grains are distinct. The last three doubts
# are about the domains themselves: whether they are pieces of others, hide others, or
# do not fit their patterns. They are small but for single positions of that boundary,
# whose patterns are like those of the other side.

confidence.plot_doubts()

# %%
# Above, a single pattern of each domain; below, the mean pattern of its sure positions,
# and how many these are. Of 300 electrons each, a hundred thousand come together.

patterns = confidence.mean_patterns(threshold=0.9)
numbers = confidence.n_patterns(threshold=0.9)
labels = np.arange(len(numbers))
ones = [s.data[tuple(np.argwhere(sure.labels == k)[0])] for k in labels]
fig = plt.figure(figsize=(9, 4.4), layout="constrained")
above, below = fig.subfigures(2, 1)
plot_patterns(ones, [f"domain {k}: one" for k in labels], labels=labels, fig=above)
titles = [f"mean of {number}" for number in numbers]
plot_patterns(patterns.data, titles, labels=labels, fig=below)

# %%
# The map, paler where it is less sure, beside the truth: how much of each pattern is of
# the domain that it has most of, and which labels are wrong.

report = confidence.reliability(truth.domain)
wrong = report["judged"] & ~report["correct"]

x, y = s.axes_manager.navigation_axes
place = {"extent": (0, 64 * x.scale, 56 * y.scale, 0), "units": x.units}
fig, axes = plt.subplots(1, 3, figsize=(9, 2.9), layout="compressed")
everywhere = confidence.at_threshold(0).labels
options = place | {"title": "domains", "legend": False, "ax": axes[0]}
plot_sure_domains(everywhere, confidence.data, **options)
plot_confidence(confidence.data, title="confidence", ax=axes[1], **place)
plot_confidence(1 - truth.mixedness, title="truth", ax=axes[2], **place)
axes[2].images[0].colorbar.set_label("share of the largest domain")
row, column = np.nonzero(wrong)
axes[2].plot(
    (column + 0.5) * x.scale, (row + 0.5) * y.scale, "x", color="#d55e00", label="wrong"
)
axes[2].legend(loc="upper left", fontsize="small")

# %%
# Of the positions said to be right with some probability, how many are? On the dashed
# line just as many. Bars are what so few positions leave open.

confidence.plot_reliability(truth.domain)
for name in ("error", "error_without_least_sure", "auroc"):
    print(f"{name:<26}{report[name]:.4f}")

# %%
# Where no truth is known, two independent exposures tell whether the map can be
# repeated. Each electron goes to one of two halves, by the toss of a coin, and both
# halves are mapped. Here no embedding is needed: the compressed scan is the source.

repeated = s.domain_confidence(n_maps=5, exposures=2, random_state=0)
for name, value in repeated.exposures.items():
    print(name, np.round(value, 3), sep="\n")

# %%
# With 150 electrons a pattern each, both halves have the same five domains.
# ``"overlap"`` has, for each of them, how much it has in common with its match in
# either half, and the Rand index compares the halves with each other. The mean patterns
# of one half make those of the other much more likely than a single mean pattern does
# (``"gain"``). With each domain cut in two, they would be predicted less well
# (``"gain_of_parts"`` is below 0): there is nothing more in the domains.
