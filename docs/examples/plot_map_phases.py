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

from hyperspy_4dphase.data import battery_interface, structure

s, truth = battery_interface((64, 64), (128, 128), random_state=0)
s

# %%
# The candidates are usually CIF files, ``["NMC.cif", "SrTiO3.cif"]``; structures of
# orix and diffpy will do as well. Beam energy and calibration are those of the scan.

candidates = [structure(name) for name in ("NMC622", "SrTiO3", "Si", "Al")]
result = s.map_phases(candidates, random_state=0, show_progressbar=False)

# %%
# Every crystalline domain has a name and an orientation, the electrolyte is amorphous.
# Circles are spots of the template; the strongest have their indices.

result.plot()

# %%
# The table says how surely. Structures that cannot be told apart, in the orientation
# that a domain happens to have, stand in the last column.

result.phases.report()

# %%
# All of it on one page, with how sure each domain is, and below it what the data do not
# tell. ``result.to_html("scan_042")`` writes the same to a file for the browser.

result.plot_phase_summary()

# %%
# ``orientations()`` refines the orientation of each position around that of its domain,
# in one read of the scan.

refined = result.phases.orientations(s, show_progressbar=False)
turned = refined.misorientation
fig, ax = plt.subplots(layout="constrained")
image = ax.imshow(turned.data, vmin=0, vmax=2)
ax.set(title="turned against the domain (°)", xticks=[], yticks=[])
fig.colorbar(image)

# %%
# The result goes on to orix, with names, structures and orientations.

xmap = refined.to_crystal_map()
xmap
