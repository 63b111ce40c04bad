"""
Named phases and orientations
=============================

From a scan to a map of named phases in one call: domains are found and judged, told
apart into vacuum, amorphous and crystalline, and compared with the structures that may
be in the sample. Here it is a simulated interface of the amorphous electrolyte LGPS and
grains of the layered oxide NMC622.
"""

# sphinx_gallery_thumbnail_number = 1
import os
from pathlib import Path

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np

from hyperspy_4dphase.data import battery_interface, structure
from hyperspy_4dphase.plot import plot_confidence, plot_domains, plot_patterns

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
fig = plt.figure(figsize=(9, 4.3), layout="constrained")
above, below = fig.subfigures(2, 1, height_ratios=(1.05, 1))
one, maps = above.subfigures(1, 2, width_ratios=(1, 3.1))
plot_patterns(s.data[40:41, 40], ["one pattern of 4,096"], fig=one)
found, sure, named = maps.subplots(1, 3)
domains.plot(title=f"{domains.n_domains} domains", legend=False, ax=found)
x, y = s.axes_manager.navigation_axes
place = {"extent": (0, 64 * x.scale, 64 * y.scale, 0), "units": x.units}
plot_confidence(result.confidence.data, title="confidence", ax=sure, **place)
# Their colours are those of the first domain that has the name.
names = [row.phase for row in report]
ids = np.array([names.index(name) for name in names])[domains.labels]
plot_domains(ids, title="phases", legend=False, ax=named, **place)
for k in np.unique(ids):
    row, column = np.argwhere(ids == k).mean(axis=0) * x.scale
    named.text(column, row, names[k], ha="center", size="small")

titles = [f"{row.domain}: {' or '.join(row.set) or row.phase}" for row in report]
titles = [
    f"{title} ({row.probability:.2f})" if row.set else title
    for title, row in zip(titles, report, strict=True)
]
for ax in (found, sure, named):
    ax.title.set_size("small")
labels = np.arange(domains.n_domains)
plot_patterns(domains.mean_patterns().data, titles, labels=labels, fig=below)

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
turned.plot(cmap="viridis", vmin=0, vmax=2, axes_ticks=False)

# %%
# The result goes on to orix, with names, structures and orientations.

xmap = refined.to_crystal_map()
xmap

# %%
# **A real particle** of a battery cathode, with three candidates from CIF files: Bragg
# peaks that were measured, drawn as spots on a background with counting noise. Nobody
# knows the truth. Neither the beam energy nor how the detector was mounted is known:
# 300 kV are assumed, which spots hardly depend on, and the orientation may be that of a
# mirror image.

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
file = data / "lco_spinel_real_peaks" / "lco_spinel_rendered_80x58x96x96.hspy"
cif = data / "cif"
if file.exists() and cif.exists():
    real = hs.load(file)
    structures = {
        "LiCoO2": cif / "LCO.cif",
        "Li2MnO3": cif / "Li2MnO3.cif",
        "LiMn2O4": cif / "LiMn2O4.cif",
    }
    named = real.map_phases(structures, 300, confidence=False, random_state=0)
    named.plot(title="LCO particle")
else:
    print(f"Left out: {file} is not there. HYPERSPY_4DPHASE_DATA names its folder.")
