"""Bragg peaks as features of probe positions."""

import numpy as np

from hyperspy_4dphase._scalars import check_flags, check_integer, check_number
from hyperspy_4dphase.estimators.peaks import draw_peaks
from hyperspy_4dphase.interop._peaks import read_peaks
from hyperspy_4dphase.interop._signals import DIFFRACTION, make_signal

# Grid points from one edge of the grid to the other. A step is then about 0.1 1/A where
# peaks reach 1.5 1/A: well above the scatter of peak positions, well below their
# distances.
_N_STEPS = 32


def bragg_features(
    vectors,
    shape=(_N_STEPS, _N_STEPS),
    *,
    like=None,
    calibrated=None,
    units=None,
    limit=None,
    min_radius=0.0,
    use_intensities=True,
):
    """Draw the Bragg peaks of each probe position on a grid, to be clustered.

    The histogram of a pattern's peaks, weighted by their intensities, with bilinear
    weights.

    Parameters
    ----------
    vectors : py4DSTEM.BraggVectors, PointListArray or DiffractionVectors
        Peaks of each probe position: as py4DSTEM or quantem found them (see
        :func:`from_quantem`), or pyxem.
    shape : tuple of int, default (32, 32)
        Points of the grid along ky (rows) and kx.
    like : BaseSignal, optional
        The scan, or a map of it, whose axes of probe positions are taken.
    calibrated : bool, optional
        Of BraggVectors, whether to take calibrated vectors: as ``setcal()`` says, or,
        where it says nothing, with all calibrations that were measured. By default they
        are taken if there is an origin. Else positions are pixels of the detector.
    units : str, optional
        Of the positions, of vectors which do not know them: ``"A^-1"``, say.
    limit : float, optional
        How far the grid reaches on each side of 0, in units of the vectors. By default
        to the farthest peak. Not for pixels of the detector, which the grid covers.
    min_radius : float, default 0
        Peaks nearer to 0 are left out: the direct beam, whose intensity is that of the
        sample's thickness. In units of the vectors.
    use_intensities : bool, default True
        Whether peaks count by their intensities, or each as 1.

    Returns
    -------
    ElectronDiffraction2D
        ``(x, y|kx, ky)``, float32, calibrated; in memory, 4 kB a probe position by
        default. Probe positions without peaks are NaN.

    Raises
    ------
    TypeError, ValueError
        If `vectors` are nothing of these, hold values that are not finite, or negative
        intensities; if there are no peaks, or none outside `min_radius`; if
        BraggVectors have no origin, but `calibrated` is True; if an argument is out of
        range, or not for these vectors; if `like` is of another scan.

    Notes
    -----
    The noise of peak lists follows no law that would be known here, so
    :meth:`~pyxem.signals.Diffraction2D.cluster_hierarchical` takes them as features:
    ``s.cluster_hierarchical(source=features ** 0.5)`` of the scan `s`, or of `features`
    itself where only peaks were kept. Square roots keep a few strong peaks from
    deciding alone.

    Examples
    --------
    >>> import numpy as np
    >>> import pyxem as pxm
    >>> from hyperspy_4dphase.interop import bragg_features
    >>> peaks = np.empty((2, 3), dtype=object)
    >>> for i in np.ndindex(2, 3):
    ...     peaks[i] = np.array([[0.0, 0.0, 9.0], [0.5, -0.25, 2.0]])
    >>> vectors = pxm.signals.DiffractionVectors(peaks, ragged=True)
    >>> vectors.column_names = ["ky", "kx", "intensity"]
    >>> features = bragg_features(vectors, (5, 5), min_radius=0.1, units="A^-1")
    >>> features
    <ElectronDiffraction2D, title: Bragg peaks, dimensions: (3, 2|5, 5)>
    >>> features.inav[0, 0].data[4].tolist()
    [0.0, 2.0, 0.0, 0.0, 0.0]
    """
    check_flags(use_intensities=use_intensities)
    check_flags(optional=True, calibrated=calibrated)
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise ValueError(f"shape must be two integers, for ky and kx, not {shape!r}.")
    shape = tuple(check_integer("shape", n, 2) for n in shape)
    min_radius = check_number("min_radius", min_radius, 0.0)
    peaks = read_peaks(vectors, like, calibrated, units)
    rows, columns, units = peaks.positions
    if limit is not None:
        limit = check_number("limit", limit, 0.0, above=True)
    if peaks.detector is not None and (limit is not None or min_radius > 0):
        raise ValueError(
            "limit and min_radius are distances from the direct beam, but these "
            "vectors are positions on the detector: there is no origin."
        )
    weights = _check_weights(peaks, use_intensities)
    kept = np.hypot(rows, columns) >= min_radius
    if not kept.any():
        raise ValueError(
            f"vectors hold {len(rows)} peaks, none of them outside "
            f"min_radius={min_radius:g} ({units})."
        )
    starts, steps = _find_grid(peaks, rows[kept], columns[kept], shape, limit)
    pixels = [
        (values[kept] - start) / step
        for values, start, step in zip((rows, columns), starts, steps, strict=True)
    ]
    n = peaks.counts.size
    images = draw_peaks(peaks.pattern[kept], *pixels, weights[kept], n, shape)
    images[peaks.counts.ravel() == 0] = np.nan
    axes = [
        {"name": name, "scale": step, "offset": start, "units": units}
        for name, start, step in zip(("ky", "kx"), starts, steps, strict=True)
    ]
    images = images.reshape(*peaks.counts.shape, *shape)
    return make_signal(
        images, peaks.axes + axes, 2, peaks.metadata, DIFFRACTION, "Bragg peaks"
    )


def _check_weights(peaks, use_intensities):
    rows, columns, _ = peaks.positions
    weights = peaks.intensities if use_intensities else np.ones(len(rows))
    if weights is None:
        raise ValueError(
            f"vectors have the fields {peaks.fields}, but no intensity: "
            "use_intensities=False counts peaks."
        )
    n_bad = int((~np.isfinite([rows, columns, weights])).any(axis=0).sum())
    if n_bad:
        raise ValueError(f"{n_bad} of {len(rows)} peaks hold NaN or infinite values.")
    n_negative = int((weights < 0).sum())
    if n_negative:
        raise ValueError(
            f"{n_negative} of {len(rows)} peaks have negative intensities; "
            "use_intensities=False counts peaks."
        )
    return weights


def _find_grid(peaks, rows, columns, shape, limit):
    """Positions of the first point of a grid, and its steps."""
    if peaks.detector is not None:
        steps = tuple(n / m for n, m in zip(peaks.detector, shape, strict=True))
        # Pixels reach half a pixel beyond their centres, steps of the grid too.
        return tuple(step / 2 - 0.5 for step in steps), steps
    if limit is None:
        limit = max(np.abs(rows).max(), np.abs(columns).max())
    if limit <= 0:
        raise ValueError("All peaks are at 0: give limit, or leave the direct beam in.")
    return (-limit, -limit), tuple(2 * limit / (n - 1) for n in shape)
