"""How often intervals of centre, ellipse and scale hold the truth.

``python -m tests.benchmarks.calibration center ellipse scale [n_scenes]`` prints, for
patterns of several kinds and doses, the error, the part resolved, and the hits of the
68 and 95 % intervals among those.
"""

import sys

import numpy as np
from orix.quaternion import Rotation

from hyperspy_4dphase.data import (
    Camera,
    amorphous_pattern,
    crystal_pattern,
    structure,
)
from hyperspy_4dphase.structures import load_candidates

SHAPE = (116, 128)
KINDS = ("amorphous", "powder", "rings", "crystal", "crystals", "stop", "stop powder")
DOSES = (1e4, 1e5, 1e6, 1e7)
CRYSTALS = ("NMC622", "TiO2", "Si", "SrTiO3", "Al", "Fe", "SiO2")
GLASSES = ("SiO2", "LGPS", "Si")


class MovedCamera(Camera):
    """A camera with the beam anywhere."""

    @property
    def center(self):
        return self.__dict__["moved"]


def make_camera(rng, ellipticity=None, kind=""):
    """A camera with a random centre and ellipse."""
    camera = MovedCamera(
        signal_shape=SHAPE,
        scale=2 / 110,
        convergence=rng.uniform(0.6, 1.6),
        ellipticity=rng.uniform(0, 0.05) if ellipticity is None else ellipticity,
        ellipse_angle=rng.uniform(0, 180),
    )
    center = np.array(SHAPE) / 2 + rng.uniform(-5, 5, 2)
    object.__setattr__(camera, "moved", tuple(center))
    return camera


def _crystal(rng, phase, camera, thickness):
    while True:
        try:
            rotation = Rotation(rng.normal(size=4))
            return crystal_pattern(phase, rotation, camera, thickness=thickness)
        except ValueError:
            # No reflection was excited.
            continue


def _powder(rng, name, camera):
    """Rings whose brightness varies around them, on a background."""
    table = load_candidates(structure(name))[0].reflections(2.0)
    lengths = np.linalg.norm(table.g, axis=1)
    lines, index = np.unique(lengths.round(6), return_inverse=True)
    weight = np.bincount(index, table.intensity) / lines
    qx, qy = camera.vectors()
    radius, azimuth = np.hypot(qx, qy), np.arctan2(qy, qx)
    width = np.hypot(camera.disc_radius / 2, 0.7 * camera.scale)
    image = np.zeros(SHAPE)
    for line, one in zip(lines, weight, strict=True):
        texture = np.ones(SHAPE)
        for n in (2, 4, 6):
            texture += 0.15 * rng.normal() * np.cos(n * azimuth + rng.uniform(0, 6.3))
        ring = np.exp(-((radius - line) ** 2) / (2 * width**2))
        image += one * np.maximum(texture, 0) * ring
    background = (radius**2 + 0.08**2) ** -1.5
    beam = camera.discs([(0.0, 0.0)], [1.0])
    parts = ((0.35, image), (0.2, background), (0.45, beam))
    return sum(share * part / part.sum() for share, part in parts)


def make_scene(rng, kind, dose, camera, name=None):
    """Patterns of a kind, with Poisson noise, and the mask of a beam stop."""
    name = name or rng.choice(CRYSTALS)
    phase, thickness = structure(name), rng.uniform(10, 50)
    if kind in {"amorphous", "stop"}:
        means = [amorphous_pattern(rng.choice(GLASSES), camera=camera)]
    elif kind in {"powder", "stop powder"}:
        means = [_powder(rng, name, camera)]
    elif kind in {"rings", "stop rings"}:
        means = [
            np.mean([_crystal(rng, phase, camera, thickness) for _ in range(40)], 0)
        ]
    elif kind == "crystal":
        means = [_crystal(rng, phase, camera, thickness)]
    else:
        means = [_crystal(rng, phase, camera, thickness) for _ in range(6)]
    patterns = rng.poisson(dose * np.array(means) / len(means)).astype(float)
    if kind.startswith("stop"):
        y, x = np.indices(SHAPE)
        dy, dx = y - camera.center[0] - 2, x - camera.center[1] + 1
        stop = (np.hypot(dy, dx) < 9) | ((np.abs(dy) < 4) & (dx > 0))
        patterns[:, stop] = np.nan
    return patterns


def _report(title, errors, standard, dofs, resolved, n):
    from scipy import stats

    if not resolved:
        print(f"{title:32s} resolved   0 % of {n}", flush=True)
        return
    errors, standard = np.array(errors), np.array(standard)
    dofs = np.array(dofs)[:, None]
    hits = [
        np.mean(np.abs(errors) < stats.t.ppf((1 + p) / 2, dofs) * standard)
        for p in (0.6827, 0.95)
    ]
    print(
        f"{title:32s} resolved {resolved / n:4.0%} of {n}, "
        f"rms error {np.sqrt(np.mean(errors**2)):.4f}, "
        f"median {np.median(np.abs(errors)):.4f}, "
        f"median standard error {np.median(standard):.4f}, "
        f"hits {hits[0]:.0%} {hits[1]:.0%}, "
        f"worst {np.abs(errors / standard).max():.1f}",
        flush=True,
    )


def run_center(n_scenes, kinds=KINDS, doses=DOSES):
    from hyperspy_4dphase.estimators.calibration import estimate_center

    for kind in kinds:
        for dose in doses:
            rng = np.random.default_rng(1)
            errors, standard, dofs, resolved = [], [], [], 0
            for _ in range(n_scenes):
                camera = make_camera(rng)
                found = estimate_center(make_scene(rng, kind, dose, camera))
                if found.resolved:
                    resolved += 1
                    errors.append(found.value - camera.center)
                    standard.append(found.standard_error)
                    dofs.append(found.dof)
            _report(
                f"center {kind} {dose:.0e}", errors, standard, dofs, resolved, n_scenes
            )


def run_ellipse(n_scenes, kinds=KINDS, doses=DOSES):
    from hyperspy_4dphase.estimators.calibration import estimate_ellipse

    for kind in kinds:
        for dose in doses:
            rng = np.random.default_rng(2)
            errors, standard, dofs, resolved = [], [], [], 0
            for _ in range(n_scenes):
                camera = make_camera(rng)
                found = estimate_ellipse(make_scene(rng, kind, dose, camera))
                angle = 2 * np.deg2rad(camera.ellipse_angle)
                truth = camera.ellipticity * np.array([np.cos(angle), np.sin(angle)])
                if found.resolved:
                    resolved += 1
                    errors.append(found.value - truth)
                    standard.append(found.standard_error)
                    dofs.append(found.dof)
            _report(
                f"ellipse {kind} {dose:.0e}", errors, standard, dofs, resolved, n_scenes
            )


def run_scale(
    n_scenes, kinds=("powder", "crystal", "crystals", "stop powder"), doses=DOSES
):
    from hyperspy_4dphase.estimators.calibration import estimate_scale

    tables = {
        name: load_candidates(structure(name))[0].reflections(2.5) for name in CRYSTALS
    }
    for kind in kinds:
        for dose in doses:
            rng = np.random.default_rng(3)
            errors, standard, dofs, resolved = [], [], [], 0
            for _ in range(n_scenes):
                camera = make_camera(rng, ellipticity=0.0)
                name = rng.choice(CRYSTALS)
                patterns = make_scene(rng, kind, dose, camera, name)
                g = np.linalg.norm(tables[name].g, axis=1)
                middle = camera.scale * rng.uniform(0.85, 1.15)
                found = estimate_scale(
                    patterns,
                    g,
                    tables[name].intensity,
                    (middle / 1.25, middle * 1.25),
                    center=camera.center,
                )
                if found.resolved:
                    resolved += 1
                    errors.append(found.value / camera.scale - 1)
                    standard.append(found.standard_error / camera.scale)
                    dofs.append(found.dof)
            _report(
                f"scale {kind} {dose:.0e}", errors, standard, dofs, resolved, n_scenes
            )


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    for word in sys.argv[1:]:
        if f"run_{word}" in globals():
            globals()[f"run_{word}"](*numbers)
