"""
A bent particle with a surface layer
====================================

A particle that is bent and wedge-shaped has another pattern at each position, yet it is
one domain. A thin layer around it is another one. What parts them is a step: a change
between neighbouring positions that exceeds what is usual around there. A map of steps
shows where that is so, and what changes within a domain can be looked at.
"""

# sphinx_gallery_thumbnail_number = 2
import os
from pathlib import Path

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
from orix.quaternion import Rotation
from scipy.ndimage import gaussian_filter

import hyperspy_4dphase
from hyperspy_4dphase.data import (
    Camera,
    crystal_pattern,
    simulate_scan,
    structure,
    vacuum_pattern,
    zone_rotation,
)
from hyperspy_4dphase.plot import plot_confidence

# %%
# The scan is simulated. Both crystals are tilted by up to 20 mrad either way, and grow
# thicker from 10 to 40 nm at the same time: these are the variants of their patterns.

camera = Camera(signal_shape=(60, 64))
n_variants = 25
tilts = np.linspace(-0.02, 0.02, n_variants)
thicknesses = np.linspace(10, 40, n_variants)


def bent_wedge(name, zone):
    """Patterns of a crystal, one for each tilt and thickness."""
    phase = structure(name)
    base = zone_rotation(phase, zone)
    return [
        crystal_pattern(
            phase,
            base * Rotation.from_axes_angles((1, 0.3, 0), tilt),
            camera,
            thickness=thickness,
        )
        for tilt, thickness in zip(tilts, thicknesses, strict=True)
    ]


patterns = np.stack(
    [
        bent_wedge("NMC622", (0, 0, 1)),
        bent_wedge("SrTiO3", (0, 1, 1)),
        [vacuum_pattern(camera)] * n_variants,
    ]
)

# %%
# An ellipse in vacuum, with a layer of five positions on most of its surface. The probe
# mixes what is within 0.6 positions. Along x, the crystals bend and grow thicker.

y, x = np.indices((56, 64))
depth = 24 * (1 - np.hypot((y - 28) / 22, (x - 30) / 26))
domain = np.select([depth < 0, (depth < 5) & (x > 17)], [2, 1], 0)
shares = gaussian_filter(np.eye(3)[domain], (0.6, 0.6, 0), mode="nearest")
s, truth = simulate_scan(
    patterns,
    shares,
    dose=400,
    random_state=0,
    names=["core", "layer", "vacuum"],
    variant=np.clip((x - 4) / 52, 0, 1) * (n_variants - 1),
    camera=camera,
    scan_step=1.5,
    title="Bent particle",
)
s

# %%
# What is printed says how many domains are continua, and what was not split because of
# that.

domains = s.cluster_hierarchical(random_state=0)

# %%
# The core (1) is one domain, though its two sides have few spots in common. The layer
# bends with it, and is so thin that it may come out in pieces.

domains.plot()

# %%
# The map of steps is bright at interfaces, whatever bends in between. Blue lines are
# the borders of the domains; the mark in the colour bar is the least step of a border.

domains.plot_steps()

# %%
# Where a crystal bends fast, few positions lie on the way from one diffraction
# condition to another: there is a gap between patterns, but no step. A split there is
# refused, and what it would have been is kept.
# ``domains.split(label, by=domains.refused)`` makes one by hand.

if domains.refused.data.any():
    domains.plot_refused()
else:
    print("No split was refused.")

# %%
# Is a domain compact or a continuum? Vacuum (0) is compact: but for mixtures at its
# border, its patterns differ by counting noise. The core (1) is a continuum.

for label in (0, 1):
    print(label, domains.continuum(label))

# %%
# Along what does the core change, and what changes? On the left, from red to blue, each
# position in its place along the direction in which most patterns differ most. On the
# right, what the red end has more than the blue one: spots on one side of the direct
# beam grow, those on the other fade, as they do when a crystal is tilted.

domains.plot_continuum(1)

# %%
# The tree tells the same: below each domain stands why it was split no further.

domains.plot_tree()

# %%
# How sure is each label? Along interfaces patterns are mixtures. Of a piece of the
# layer, *domain* is in doubt: it may be a part of another one. Where the core bends
# there is no doubt.

confidence = s.domain_confidence(domains, random_state=0)
confidence.plot_doubts(["boundary", "noise", "domain", "unresolved"])

# %%
# Pieces of the layer are made one by hand, as one would after looking at their
# patterns, and the map is judged again.

mostly = [np.median(domain[domains.labels == k]) for k in range(domains.n_domains)]
pieces = np.flatnonzero(np.equal(mostly, 1)).tolist()
whole = domains.merge(pieces) if len(pieces) > 1 else domains
confidence = s.domain_confidence(whole, random_state=0, print_info=False)
confidence.plot()

# %%
# Here the truth is known. Of the positions said to be right with some probability, as
# many should be: on the dashed line. Bars are what so few positions leave open.

confidence.plot_reliability(truth.domain, one_to_one=True)
report = confidence.reliability(truth.domain, one_to_one=True)
for name in ("error", "error_without_least_sure", "expected_calibration_error"):
    print(f"{name:<28}{report[name]:.4f}")

# %%
# The loop of training: an embedding is trained again on what the maps do not agree
# about, as long as that helps. Where a crystal bends, its latent points are a path.

trained = s.domain_confidence(
    source={"epochs": 12}, n_maps=7, n_rounds=2, random_state=0, print_info=False
)
trained.plot_rounds()

# %%
# **A real particle** of a battery cathode that bends: Bragg peaks that were measured,
# drawn as spots on a background with counting noise. Nobody knows the truth. The map,
# its steps, and how sure it is:

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
file = data / "lco_spinel_real_peaks" / "lco_spinel_rendered_80x58x96x96.hspy"
if file.exists():
    real = hs.load(file)
    own = {"compression": hyperspy_4dphase.compress(real, random_state=0)}
    own |= {"random_state": 0, "print_info": False}
    found = real.cluster_hierarchical(**own)
    judged = real.domain_confidence(found, n_maps=9, **own)
    fig, axes = plt.subplots(1, 3, figsize=(9, 3.8), layout="constrained")
    found.plot(ax=axes[0], title="domains", legend=False)
    found.plot_steps(ax=axes[1], title="steps")
    plot_confidence(judged.data, labels=found.labels, title="confidence", ax=axes[2])
else:
    print(f"Left out: {file} is not there. HYPERSPY_4DPHASE_DATA names its folder.")

# %%
# And its loop: an embedding is trained again on what the maps of the first round do not
# agree about. The round with the most information is kept.

if file.exists():
    trained = real.domain_confidence(source={"epochs": 6}, n_maps=5, n_rounds=2, **own)
    trained.plot_rounds()
