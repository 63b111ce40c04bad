"""A scan reduced to what rises above its counting noise."""

from hyperspy_4dphase._archive import as_path
from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._scalars import check_flags, check_integer
from hyperspy_4dphase.methods._cache import clear_cache
from hyperspy_4dphase.methods._reading import check_sketch, compress_scan, open_scan
from hyperspy_4dphase.signals._data_report import describe_data, warn_of_left_descan
from hyperspy_4dphase.signals.compression import Compression

__all__ = ["Compression", "clear_cache", "compress"]


@with_shared_parameters
def compress(
    signal,
    navigation_mask=None,
    signal_mask=None,
    *,
    normalize_poissonian_noise=None,
    rank=None,
    oversampling=10,
    power_iterations=None,
    squares=True,
    keep_faulty=False,
    descan="auto",
    checkpoint=None,
    random_state=None,
    device=None,
    show_progressbar=None,
    print_info=True,
):
    """Compress a scan by a *randomized* QB to what rises above counting noise.

    The scan is read a few times, block by block, and never held: the patterns X become
    Q B, with a few dozen numbers for each of them. Every method of this package begins
    with this step, and takes its result as `compression`. For a lazy signal the result
    is also remembered, and given again when the same is asked of the same signal, or of
    a copy, as long as its files were not written again and its arrays not changed. Of
    others nothing is remembered: eager signals, and lazy ones by functions of your own.

    Parameters
    ----------
    signal : pyxem.signals.Diffraction2D or other signal
        The scan, eager or lazy, with at least one navigation and one signal axis and
        real numbers. It is not changed.
    %(navigation_mask)s
    %(signal_mask)s
    %(normalize_poissonian_noise)s
    rank : int, optional
        How many directions to keep at least. By default it grows until the last one
        kept is noise.
    %(oversampling)s
    %(power_iterations)s
    squares : bool, default True
        Whether to look for weak, broad structure in sums over squares of pixels, which
        domains and their confidence know of. Decompositions make do without.
    %(keep_faulty)s
    descan : {"auto", "fit", None}, default "auto"
        What is done with a shift of all patterns that is a plane over the scan, as an
        imperfect descan leaves it. It is taken out while reading, by parts of a pixel:
        each count is dealt to one of the pixels nearest to where it belongs, so that
        noise stays that of counts. Pixels that are then not complete in all patterns
        are left out; where none would be left, the shift stays. Mean patterns of
        domains are still read as they were recorded.
        With ``"auto"`` a shift of 0.1 pixels (rms) or more is taken out, in scans of
        250 images or more whose noise is measured; of 64 or more, one of 1 pixel or
        more, and a smaller one is printed. With ``"fit"`` any that is significant; with
        None nothing is, and a shift that ``"auto"`` would take out is printed.
    checkpoint : path-like, optional
        A file, of any name, that keeps what reads have found: about once a minute, and
        when an error or Ctrl-C stops them. The same call then goes on where it stopped,
        and gives the same result: to the last bit if what reads is the same (threads,
        or a cluster), else but for rounding. At the end the file holds the compression,
        which the same call, or :meth:`Compression.load`, gives back: delete it when it
        is of no more use. A file of another scan, of other arguments or of another
        version is refused; of one that is damaged nothing is used. Needs a
        `random_state` that is an integer or None.
    %(random_state)s
    %(device)s
    %(show_progressbar)s
    %(print_info)s
        Then how many directions stand above the noise.

    Returns
    -------
    Compression

    Raises
    ------
    TypeError
        If an argument or the data are of the wrong type (complex data, say).
    ValueError
        If an argument is out of range, if a mask has the wrong shape or excludes
        everything, or if there is no navigation axis: before anything is read. While
        reading: if the data hold NaN or infinite values.
        If `checkpoint` is a file of something else: nothing of it is changed.
    RuntimeError
        If a block cannot be read; it names the block.

    Warns
    -----
    UserWarning
        If `checkpoint` is damaged or cannot be written, or if with ``descan="fit"`` a
        shift is found but left, as no pixel would be complete without it.

    References
    ----------
    .. [1] N. B. Erichson, A. Mendible, S. Wihlborn, J. N. Kutz, Randomized nonnegative
       matrix factorization, Pattern Recognit. Lett. 104 (2018) 1,
       doi:10.1016/j.patrec.2018.01.007.
    .. [2] B. Landa, T. T. C. K. Zhang, Y. Kluger, Biwhitening reveals the rank of a
       count matrix, SIAM J. Math. Data Sci. 4 (2022), doi:10.1137/21M1456807.

    Examples
    --------
    >>> import numpy as np
    >>> import pyxem as pxm
    >>> import hyperspy_4dphase as h4p
    >>> counts = np.random.default_rng(0).poisson(5, (6, 7, 9, 8))
    >>> s = pxm.signals.Diffraction2D(counts)
    >>> compression = h4p.compress(s, random_state=0, print_info=False)
    >>> compression.navigation_shape, compression.signal_shape
    ((6, 7), (9, 8))
    >>> compression.reconstruct()
    <LazyDiffraction2D, title: , dimensions: (7, 6|8, 9)>
    """
    scan = open_scan(locals())
    check_flags(squares=squares)
    compression = compress_scan(
        scan,
        rank=check_integer("rank", rank, 1, optional=True),
        squares=squares,
        descan=descan,
        checkpoint=None if checkpoint is None else as_path("checkpoint", checkpoint),
        **check_sketch(oversampling, power_iterations, device),
    )
    if descan == "fit":
        warn_of_left_descan(compression)
    if print_info:
        print(*describe_compression(compression), sep="\n")
    return compression


def describe_compression(compression):
    """Lines on what was found out about the data, and what it took."""
    return [
        "Data info:",
        *describe_data(compression),
        f"  directions_above_noise={compression.n_significant}",
        f"  reads_of_the_scan={compression.n_reads:.3g}",
    ]
