"""
Named phases and orientations
=============================

From a scan to a map of named phases in one call: domains are found and judged, told
apart into vacuum, amorphous and crystalline, and compared with the structures that may
be in the sample. Here it is a simulated interface of the amorphous electrolyte LGPS and
grains of the layered oxide NMC622.
"""

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt
import numpy as np

from hyperspy_4dphase.data import battery_interface, structure
from hyperspy_4dphase.plot import plot_domains

s, truth = battery_interface((64, 64), (128, 128), random_state=0)
s

# %%
# The candidates are usually CIF files, ``["NMC.cif", "SrTiO3.cif"]``; structures of
# orix and diffpy will do as well. Beam energy and calibration are those of the scan.

candidates = [structure(name) for name in ("NMC622", "SrTiO3", "Si", "Al")]
result = s.map_phases(candidates, random_state=0, show_progressbar=False)

# %%
# The whole way on one page. Above: what is recorded at one of 4,096 positions, the
# domains that are found, how sure each label is, and what the domains are. Below: their
# mean patterns, each the sum of hundreds like the first one.

phases, domains = result.phases, result.domains
report = phases.report()
fig = plt.figure(figsize=(12, 6.2), layout="constrained")
fig.get_layout_engine().set(w_pad=0.09)
above, below = fig.subfigures(2, 1, height_ratios=(1.1, 1))
single, found, sure, named = above.subplots(1, 4)
single.imshow(s.inav[40, 40].data ** 0.3, cmap="inferno")
single.set_title("one pattern of 4,096")
plot_domains(domains.labels, legend=False, scalebar=False, ax=found)
found.set_title(f"{domains.n_domains} domains, by themselves")
image = sure.imshow(result.confidence.data, vmin=0, vmax=1)
fig.colorbar(image, ax=sure, location="bottom", shrink=0.7, pad=0.02)
sure.set_title("probability of the label")
every = np.unique(phases.phase_ids)
names = [phases.names[i] if i >= 0 else "not indexed" for i in every]
ids = np.searchsorted(every, phases.phase_ids)
plot_domains(ids, legend=False, scalebar=False, ax=named)
named.set_title("phases")
for k, name in enumerate(names):
    row, column = np.argwhere(ids == k).mean(axis=0)
    named.text(column, row, name, ha="center", weight="bold")
for ax in (single, found, sure, named):
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="")

# The frame of a mean pattern has the colour of its domain.
domain_image = found.images[0]
means = domains.mean_patterns().data
for ax, row, mean in zip(below.subplots(1, len(means)), report, means, strict=True):
    ax.imshow(mean**0.3, cmap="inferno")
    name = " or ".join(row.set) if len(row.set) > 1 else row.phase
    title = name if row.phase == row.kind else f"{name} ({row.probability:.2f})"
    ax.set(title=f"{row.domain}: {title}", xticks=[], yticks=[])
    color = domain_image.cmap(domain_image.norm(row.domain))
    ax.spines[:].set(color=color, linewidth=4)

# %%
# Every crystalline domain has a name and an orientation, the electrolyte is amorphous.
# Circles are spots of the template; the strongest have their indices.

result.plot()

# %%
# The table says how surely. Structures that cannot be told apart, in the orientation
# that a domain happens to have, stand in the last column.

report

# %%
# All of it on one page, with how sure each domain is, and below it what the data do not
# tell. ``result.to_html("scan_042")`` writes the same to a file for the browser.

result.plot_phase_summary()

# %%
# ``orientations()`` refines the orientation of each position around that of its domain,
# in one read of the scan.

refined = phases.orientations(s, show_progressbar=False)
turned = refined.misorientation
fig, ax = plt.subplots(layout="constrained")
image = ax.imshow(turned.data, vmin=0, vmax=2)
ax.set(title="turned against the domain (°)", xticks=[], yticks=[])
fig.colorbar(image)

# %%
# The result goes on to orix, with names, structures and orientations.

xmap = refined.to_crystal_map()
xmap
