"""Phases and a phase image of one defocused scan, with py4DSTEM.

``python py4dstem_defocused_scan.py --help`` tells the options. It needs py4DSTEM:
``pip install "hyperspy-4dphase[py4dstem]"``.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pyxem as pxm
from py4DSTEM.process.phase import DPC, Parallax
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.interop import from_py4dstem, to_py4dstem
from hyperspy_4dphase.plot._maps import draw_scale_bar

# Lengths in A. The window of the probe is N_PIXELS wide, of which a detector that is
# not square sees the middle.
WAVELENGTH, SEMIANGLE, DEFOCUS = 0.0197, 4e-3, 2000.0
N_PIXELS, PIXEL, STEP = 72, 0.6, 6
DETECTOR = 64, 72
N_ELECTRONS = 20_000
# Orientation in degrees and period of the lattice of each grain.
LATTICES = (10.0, 2.0), (35.0, 2.0), (20.0, 2.4)


def make_specimen(shape, rng):
    """Grains of a film, and the phase shift of clusters on it."""
    y, x = np.indices(shape) * PIXEL
    height, width = np.array(shape) * PIXEL
    grains = (0.8 * (x - width / 2) + 0.6 * (y - height / 2) > 20).astype(int)
    grains[np.hypot(y - 0.4 * height, x - 0.35 * width) < 44] = 2
    clusters = np.zeros(shape)
    for _ in range(30):
        at_y, at_x = rng.uniform(0.15, 0.85, 2) * (height, width)
        distance = np.hypot(y - at_y, x - at_x)
        clusters += 0.35 * np.exp(-((distance / rng.uniform(3, 4)) ** 2) / 2)
    lattice = np.zeros(shape)
    for grain, (angle, period) in enumerate(LATTICES):
        for direction in np.deg2rad([angle, angle + 90]):
            along = x * np.cos(direction) + y * np.sin(direction)
            wave = 0.12 * np.cos(2 * np.pi * along / period)
            lattice += np.where(grains == grain, wave, 0)
    return grains, clusters, lattice + clusters


def simulate(scan_shape=(44, 56), random_state=0):
    """Simulate a scan with a defocused probe: counts, grains and clusters."""
    rng = np.random.default_rng(random_state)
    shape = tuple((n - 1) * STEP + N_PIXELS for n in scan_shape)
    grains, clusters, phase = make_specimen(shape, rng)
    k = np.fft.fftfreq(N_PIXELS, PIXEL)
    k = np.hypot(k[:, np.newaxis], k)
    lens = np.exp(1j * np.pi * WAVELENGTH * DEFOCUS * k**2)
    probe = np.fft.fftshift(np.fft.ifft2(lens * (k < SEMIANGLE / WAVELENGTH)))
    patterns = np.empty((*scan_shape, *DETECTOR))
    cut = tuple(slice((N_PIXELS - n) // 2, (N_PIXELS + n) // 2) for n in DETECTOR)
    for i, j in np.ndindex(scan_shape):
        window = tuple(slice(n * STEP, n * STEP + N_PIXELS) for n in (i, j))
        wave = np.fft.fft2(probe * np.exp(1j * phase[window]))
        patterns[i, j] = np.fft.fftshift(np.abs(wave) ** 2)[cut]
    patterns *= N_ELECTRONS / patterns.sum(axis=(2, 3)).mean()
    s = pxm.signals.ElectronDiffraction2D(rng.poisson(patterns).astype(np.uint16))
    s.metadata.General.title = "defocused scan"
    s.axes_manager.navigation_axes.set(scale=STEP * PIXEL / 10, units="nm")
    scale = 1 / (N_PIXELS * PIXEL)
    offsets = tuple(-(n // 2) * scale for n in DETECTOR[::-1])
    s.axes_manager.signal_axes.set(scale=scale, offset=offsets, units="$A^{-1}$")
    start = N_PIXELS // 2
    seen = tuple(slice(start, start + n * STEP, STEP) for n in scan_shape)
    return s, grains[seen], clusters[seen]


def reconstruct(s):
    """Images of a scan by py4DSTEM, as signals on the axes of the scan."""
    cube = to_py4dstem(s)
    radius = SEMIANGLE / WAVELENGTH / cube.Q_pixel_size
    disc = cube.calibration.get_origin_mean(), radius
    bright = cube.get_virtual_image("circle", disc, name="bright field", verbose=False)

    dpc = DPC(energy=300e3, datacube=cube, verbose=False)
    quiet = {"plot_center_of_mass": False, "plot_rotation": False}
    dpc.preprocess(force_com_rotation=0, force_com_transpose=False, **quiet)
    dpc.reconstruct(max_iter=8, progress_bar=False)

    parallax = Parallax(
        energy=300e3, datacube=cube, object_padding_px=(16, 16), verbose=False
    )
    parallax.preprocess(edge_blend=4, threshold_intensity=0.5, plot_average_bf=False)
    parallax.reconstruct(
        max_iter_at_min_bin=2,
        plot_aligned_bf=False,
        plot_convergence=False,
        progress_bar=False,
    )
    parallax.subpixel_alignment(
        kde_upsample_factor=2,
        plot_upsampled_BF_comparison=False,
        plot_upsampled_FFT_comparison=False,
        progress_bar=False,
    )
    parallax.aberration_fit(plot_CTF_comparison=False, plot_BF_shifts_comparison=False)
    parallax.aberration_correct(plot_corrected_phase=False)
    found = bright, dpc, parallax
    return [from_py4dstem(image, like=s) for image in found]


def draw(domains, images, file):
    """Draw the domains beside the images, with their borders on these."""
    fig, axes = plt.subplots(2, 2, figsize=(9, 5.8), layout="constrained")
    domains.plot(ax=axes.flat[0])
    titles = "virtual bright field", "phase by DPC", "phase by parallax, 2 x finer"
    x, y = (axis.axis for axis in domains.axes_manager.signal_axes)
    for ax, image, title in zip(axes.flat[1:], images, titles, strict=True):
        right, down = image.axes_manager.signal_axes
        extent = [
            right.low_value - right.scale / 2,
            right.high_value + right.scale / 2,
            down.high_value + down.scale / 2,
            down.low_value - down.scale / 2,
        ]
        ax.imshow(image.data, extent=extent, cmap="viridis")
        for label in range(1, domains.n_domains):
            ax.contour(x, y, domains.labels == label, [0.5], colors="#d55e00")
        ax.set(title=title, xticks=[], yticks=[])
        draw_scale_bar(ax, right.units)
    fig.savefig(file, dpi=100)
    plt.close(fig)


def compare(domains, images, grains, clusters):
    """Print how much the map, and the images, are like what was simulated."""
    rand = adjusted_rand_score(grains.ravel(), domains.labels.ravel())
    print(f"{domains.n_domains} domains; adjusted Rand index with grains: {rand:.3f}")
    _, dpc, parallax = (image.data for image in images)
    # Every second pixel of the finer image is at a probe position.
    for name, image in (("DPC", dpc), ("parallax", parallax[::2, ::2])):
        like = np.corrcoef(image.ravel(), clusters.ravel())[0, 1]
        print(f"{name}: correlation with the clusters: {like:.2f}")


def main(arguments=None):
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("defocused_scan.png"))
    options = parser.parse_args(arguments)
    s, grains, clusters = simulate()
    # Clusters show in the bright-field disc, grains around it.
    ky, kx = (axis.axis for axis in s.axes_manager.signal_axes[::-1])
    disc = np.hypot(ky[:, np.newaxis], kx) < SEMIANGLE / WAVELENGTH + 0.02
    domains = s.cluster_hierarchical(signal_mask=disc, random_state=0)
    images = reconstruct(s)
    draw(domains, images, options.output)
    compare(domains, images, grains, clusters)
    return domains, images, grains, clusters


if __name__ == "__main__":
    main()
