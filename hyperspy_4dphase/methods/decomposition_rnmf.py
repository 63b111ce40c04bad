"""Randomized non-negative matrix factorization of a scan."""

import textwrap

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._learning_results import (
    Decomposition,
    can_hold_results,
    fill_results,
)
from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._scalars import check_flags, check_integer
from hyperspy_4dphase.estimators.nmf import RandomizedNMF
from hyperspy_4dphase.estimators.shifts import measure_shifts
from hyperspy_4dphase.methods._reading import (
    check_sketch,
    least_rank,
    open_scan,
    read_scan,
)
from hyperspy_4dphase.signals._data_report import describe_data
from hyperspy_4dphase.signals.pattern_decomposition import PatternDecomposition

ALGORITHM = "randomized NMF"
"""What HyperSpy's results say they were made by."""

_JITTER_MATTERS = 0.5  # pixels: less makes no more components


@with_shared_parameters
def decomposition_rnmf(
    self,
    output_dimension=None,
    normalize_poissonian_noise=None,
    navigation_mask=None,
    signal_mask=None,
    *,
    keep_faulty=False,
    oversampling=10,
    power_iterations=None,
    max_iter=200,
    tol=1e-4,
    random_state=None,
    device=None,
    compression=None,
    show_progressbar=None,
    print_info=True,
    return_info=False,
    return_result=False,
):
    """Decompose the scan by *randomized* non-negative matrix factorization (RNMF).

    Every pattern becomes a sum of a few non-negative component patterns (the factors)
    with non-negative weights (the loadings, a map for each component). Each factor sums
    to one, so that the loadings are counts per pattern. The scan is compressed first
    (see :func:`hyperspy_4dphase.compress`), in a few reads, block by block; the
    factorization then sees what is left of it. This is not the robust NMF that
    HyperSpy's guide abbreviates in the same way.

    The result is in ``s.learning_results``, where HyperSpy's
    ``get_decomposition_factors``, ``plot_decomposition_results``,
    ``get_decomposition_model``, ``blind_source_separation``, ``cluster_analysis`` and
    saving find it. The signal's data, axes and metadata stay as they are. After a
    failure, or Ctrl-C, so do the results of earlier runs.

    Parameters
    ----------
    output_dimension : int, optional
        Number of components. By default it is chosen: at most as many as there are
        directions of structure, and as many as are distinct patterns.
    %(normalize_poissonian_noise)s
    %(navigation_mask)s
    %(signal_mask)s
    %(keep_faulty)s
    %(oversampling)s
    %(power_iterations)s
    max_iter : int, default 200
        Most iterations of each stage of the factorization.
    tol : float, default 1e-4
        A stage stops when an iteration lowers the misfit by less than this part of it,
        or of what noise alone leaves, if that is more.
    %(random_state)s
    %(device)s
    compression : Compression, optional
        What :func:`hyperspy_4dphase.compress` gave for this scan: of this, only a few
        patterns are read then, to see that it is the same.
        Its masks and its scaling of counting noise are taken; if given here too, they
        must be the same. `oversampling` and `power_iterations` are not used.
    %(show_progressbar)s
    print_info : bool, default True
        Whether to print what was chosen, and how it went.
    return_info : bool, default False
        Whether to return the fitted estimator.
    return_result : bool, default False
        Whether to return the decomposition as a signal of its own, which saves and
        reloads whole without the scan.

    Returns
    -------
    None, RandomizedNMF, PatternDecomposition, or tuple of these two
        The decomposition, with ``return_result=True``, and then the fitted estimator,
        with ``return_info=True``. The decomposition is returned in any case by versions
        of HyperSpy that keep none in their signals.

    Raises
    ------
    TypeError
        If an argument or the data are of the wrong type (complex data, say).
    ValueError
        If an argument is out of range, if a mask has the wrong shape or excludes
        everything, if there is no navigation axis, if there are fewer patterns than
        components, or if `compression` is of another scan: before anything is read.
        While reading: if the data hold NaN or infinite values.
    RuntimeError
        If a block cannot be read; it names the block.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If `max_iter` iterations were not enough.
    UserWarning
        If neighbouring patterns share their noise, or if it follows no known law.

    See Also
    --------
    get_group_loadings : One map for each group of components.
    get_decomposition_result : The decomposition as a signal of its own.
    hyperspy_4dphase.compress : The compression, to keep and to use again.
    hyperspy_4dphase.estimators.RandomizedNMF : The same on plain arrays.

    Notes
    -----
    Masked positions are NaN in the loadings, masked pixels in the factors, as HyperSpy
    has it. Its ``blind_source_separation`` and ``cluster_analysis`` fail on NaN unless
    they are given the same mask. Where that is not wanted, fill them::

        s.learning_results.loadings = np.nan_to_num(s.learning_results.loadings)

    A crystal that bends is cut into several components. Those that pass smoothly into
    one another along the scan are grouped: the printed information tells which,
    ``s.learning_results.groups`` holds the number of the group of each component, and
    :meth:`get_group_loadings` gives the summed maps.

    ``s.learning_results.provenance`` holds the parameters, the seed and the versions,
    and is saved with the signal.

    References
    ----------
    .. [1] N. B. Erichson, A. Mendible, S. Wihlborn, J. N. Kutz, Randomized nonnegative
       matrix factorization, Pattern Recognit. Lett. 104 (2018) 1,
       doi:10.1016/j.patrec.2018.01.007.
    .. [2] Werbrouck et al., arXiv:2507.17068 (2025).
    .. [3] B. Landa, T. T. C. K. Zhang, Y. Kluger, Biwhitening reveals the rank of a
       count matrix, SIAM J. Math. Data Sci. 4 (2022), doi:10.1137/21M1456807.

    Examples
    --------
    >>> import numpy as np
    >>> import pyxem as pxm
    >>> import hyperspy_4dphase
    >>> rng = np.random.default_rng(0)
    >>> maps, patterns = rng.random((6, 7, 2)), rng.gamma(1, 9, (2, 9, 8))
    >>> counts = rng.poisson(np.tensordot(maps, patterns, 1))
    >>> s = pxm.signals.Diffraction2D(counts)
    >>> s.decomposition_rnmf(2, random_state=0, print_info=False)
    >>> s.get_decomposition_loadings().data.shape
    (2, 6, 7)
    >>> s.get_decomposition_factors().data.shape
    (2, 9, 8)
    """
    scan = open_scan(locals())
    check_flags(return_info=return_info, return_result=return_result)
    n_components = check_integer("output_dimension", output_dimension, 1, optional=True)
    sketch = check_sketch(oversampling, power_iterations, device)
    settings = {"max_iter": max_iter, "tol": tol}
    estimator = RandomizedNMF(
        n_components, random_state=scan.seed, **settings, **sketch
    )
    estimator.check_parameters()
    _check_enough(n_components, *scan.shape)
    given = compression is not None
    needed = {"rank": least_rank(n_components), "squares": False, **sketch}
    scan, compression = read_scan(scan, compression, False, **needed)
    with scan.progress() as progress:
        estimator.set_params(noise=compression.patterns.noise, callback=progress)
        W = estimator.fit_transform(compression.patterns, positions=scan.positions)
    estimator.set_params(callback=None)
    shifts = _measure_shifts(scan, compression, estimator)
    record = provenance(
        "decomposition_rnmf",
        {"output_dimension": n_components, **settings, "device": sketch["device"]},
        scan.seed,
        _sum_up(estimator, compression, shifts),
        compression,
    )
    told = {"algorithm": ALGORITHM, "provenance": record}
    told["poissonian_noise_normalized"] = compression.poissonian_noise_normalized
    found = Decomposition.from_estimator(scan, W, estimator, **told)
    returned = []
    if return_result or not can_hold_results(self):
        returned.append(PatternDecomposition.from_scan(scan, found, compression))
    if return_info:
        returned.append(estimator)
    fill_results(self, found, scan.navigation_shape, scan.signal_shape)
    if print_info:
        print(*_describe(estimator, compression, given, shifts), sep="\n")
    return tuple(returned) if returned[1:] else next(iter(returned), None)


def _check_enough(n_components, n_patterns, n_pixels):
    if n_patterns < 2:
        raise ValueError(
            f"There is {n_patterns} pattern that is not masked; at least 2 are needed."
        )
    if n_components is not None and n_components > min(n_patterns, n_pixels):
        raise ValueError(
            f"output_dimension={n_components} components were asked for, but only "
            f"{n_patterns} patterns of {n_pixels} pixels are not masked; there can be "
            f"{min(n_patterns, n_pixels)} components at most."
        )


def _sum_up(estimator, compression, shifts):
    """Sum up what came of it, for the provenance."""
    descan = shifts.plane.rms if shifts and shifts.plane.significant else 0.0
    jitter = shifts.jitter if shifts and shifts.has_jitter else 0.0
    return {
        "n_components": estimator.n_components_,
        "groups": estimator.groups_.tolist(),
        "n_significant": compression.n_significant,
        "reconstruction_err": estimator.reconstruction_err_,
        "n_iter": estimator.n_iter_,
        "converged": estimator.converged_,
        "n_reads": compression.n_reads,
        "descan": descan,
        "jitter": jitter,
    }


def _measure_shifts(scan, compression, estimator):
    """Measure how far patterns are shifted; None where nothing can tell."""
    # A shift has directions of its own, beyond those of distinct patterns.
    may_shift = compression.n_significant > estimator.n_components_
    if len(scan.signal_shape) != 2 or not (estimator.n_components or may_shift):
        return None
    used = np.flatnonzero(scan.kept_pixels)
    shape, positions = scan.signal_shape, scan.grid_positions
    return measure_shifts(compression.patterns, used, shape, positions)


def _describe(estimator, compression, given, shifts):
    chosen = "chosen: the number of distinct patterns"
    if estimator.n_components:
        chosen = "as asked"
    ended = "converged" if estimator.converged_ else "NOT converged"
    reads = f"{compression.n_reads:.3g}"
    reads = f"0 ({reads} for compression)" if given else reads
    return [
        "Decomposition info:",
        f"  normalize_poissonian_noise={compression.poissonian_noise_normalized}",
        *describe_data(compression),
        f"  algorithm={ALGORITHM}",
        f"  output_dimension={estimator.n_components_} ({chosen})",
        *_describe_groups(estimator.groups_),
        f"  directions_above_noise={compression.n_significant}",
        "  centre=None",
        f"  residual={estimator.reconstruction_err_:.4g} (relative, noise included)",
        f"  iterations={estimator.n_iter_} ({ended})",
        f"  reads_of_the_scan={reads}",
        *_describe_shifts(shifts, compression.patterns.descan is not None),
    ]


def _describe_groups(groups):
    """Which components belong together, if any do."""
    n_groups = int(groups.max()) + 1
    if n_groups == len(groups):
        return [f"  groups={n_groups} (each component by itself)"]
    members = (" ".join(map(str, np.flatnonzero(groups == j))) for j in range(n_groups))
    lines = textwrap.wrap(" | ".join(members), 76, break_long_words=False)
    return [
        f"  groups={n_groups} (of components that pass smoothly into one another)",
        *textwrap.indent("\n".join(lines), "    ").split("\n"),
    ]


def _describe_shifts(shifts, is_descan_told):
    """What shifts do to components, and what helps, as far as measured."""
    lines = []
    if shifts is None:
        return lines
    plane = shifts.plane
    if plane.significant and not is_descan_told:
        lines += [
            f"  descan={plane.rms:.2g} +- {plane.rms_error:.1g} px (rms): all patterns",
            "    shift as the probe moves, evenly over the scan, and make components",
            '    of it. hyperspy_4dphase.compress(s, descan="fit") takes it out.',
        ]
    if shifts.has_jitter:
        lines += [
            f"  jitter={shifts.jitter:.2g} +- {shifts.jitter_error:.1g} px (rms): all",
            "    patterns shift unevenly between positions.",
        ]
    if shifts.has_jitter and shifts.jitter > _JITTER_MATTERS:
        lines += [
            "    There will be fewer components of a copy that was centred by",
            '    s.center_direct_beam(method="center_of_mass", half_square_width=n), n',
            "    about three times the radius of a disc in pixels.",
        ]
    return lines
