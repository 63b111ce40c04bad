"""The decomposition that a signal holds, as a result of its own."""

from hyperspy_4dphase._learning_results import read_results
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.signals.pattern_decomposition import PatternDecomposition


def get_decomposition_result(self):
    """Return the decomposition of the signal as a signal of its own.

    It holds patterns, maps, groups and provenance, and saves and reloads whole without
    the scan. Decompositions by HyperSpy's own ``decomposition()`` are taken as well;
    they have no groups. Of those with a mean subtracted (``centre="signal"``) there are
    patterns and maps, but no ``model()``.

    Returns
    -------
    PatternDecomposition

    Raises
    ------
    RuntimeError
        If the signal holds no decomposition: there was none, or this version of
        HyperSpy keeps none.
    ValueError
        If the decomposition is of a scan of another shape.

    See Also
    --------
    decomposition_rnmf : With ``return_result=True`` it gives this at once.

    Examples
    --------
    >>> import hyperspy_4dphase
    >>> s, truth = hyperspy_4dphase.data.oxide_bilayer(
    ...     (20, 24), (32, 30), random_state=0
    ... )
    >>> s.decomposition_rnmf(
    ...     random_state=0, print_info=False, show_progressbar=False
    ... )
    >>> s.get_decomposition_result().groups
    array([0, 1, 2])
    """
    found = read_results(self)
    if found is None:
        raise RuntimeError(
            "The signal holds no decomposition: s.decomposition_rnmf() makes one, and "
            "with return_result=True it returns it."
        )
    scan = Scan.from_signal(self)
    n_positions, n_pixels = scan.n_positions, len(scan.kept_pixels)
    shape = len(found.maps), found.patterns.shape[1]
    if shape != (n_positions, n_pixels):
        raise ValueError(
            f"The decomposition is of {shape[0]} patterns of {shape[1]} pixels, but "
            f"the signal has {n_positions} of {n_pixels}: it was transposed, or "
            "changed otherwise, since then."
        )
    return PatternDecomposition.from_scan(scan, found)
