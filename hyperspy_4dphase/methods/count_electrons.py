"""A camera's values as counts of electrons, where these can be told apart."""

import warnings

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.methods._counting import Clipped, Rounding, count_scan
from hyperspy_4dphase.methods._reading import compress_scan, open_scan
from hyperspy_4dphase.signals._data_report import describe_faults

_DTYPES = "uint8", "uint16", "uint32"
# Where the metadata of counts say how they were counted.
_NODE = "Signal.Noise_properties.electrons_counted"
# Where more than this fraction of values is far below the offset, that is wrong.
# Historical: chosen by trial.
_MAX_FRACTION_FAR_BELOW = 1e-4
# Below this share of values without an electron, a measured offset is an extreme of the
# values, and no level of theirs.
_MIN_FRACTION_EMPTY = 1e-3


@with_shared_parameters
def count_electrons(
    signal,
    gain=None,
    offset=None,
    navigation_mask=None,
    signal_mask=None,
    *,
    keep_faulty=False,
    dtype="uint16",
    random_state=None,
    show_progressbar=None,
    print_info=True,
):
    """Count the electrons in each pixel, by rounding a camera's values to whole ones.

    Where the readout noise is well below the gain, the values of a camera gather about
    multiples of the gain. Rounding to the nearest of them takes the readout noise away,
    and what is left is counts. The methods of this package do not need it, but what
    single patterns are compared by does.

    Parameters
    ----------
    signal : pyxem.signals.Diffraction2D or other signal
        The scan, eager or lazy. It is not changed.
    gain : float, optional
        Units of the data an electron. By default it is measured.
    offset : float, optional
        Units of the data without an electron; measured by default.
    %(navigation_mask)s
        They are 0 in the result.
    %(signal_mask)s
        They are 0 in the result.
    keep_faulty : bool, default False
        Whether values that no counting allows are rounded like any others. By default
        they are what the methods take them for: pixels that are stuck, flicker or are
        far too bright, and broken frames, are 0 in the result, as those that masks
        leave out; single events (X-rays) are replaced by what is around them.
    dtype : {"uint16", "uint8", "uint32"}, default "uint16"
        Of the result. What is more than it holds is clipped, with a warning; what is
        below 0 becomes 0.
    %(random_state)s
    %(show_progressbar)s
    print_info : bool, default True
        Whether to print gain and offset, what was left out, and how many values were
        below 0.

    Returns
    -------
    signal
        Of the same class, axes, metadata and original metadata, in integers. Lazy if
        the scan is lazy: it is then computed block by block when it is read.
        ``metadata.Signal.Noise_properties.electrons_counted`` holds gain and offset,
        and in ``faulty_pixels`` and ``faulty_patterns`` the flat numbers, in array
        order, of those left out as faulty, if there are any.

    Raises
    ------
    TypeError
        If the data are no real numbers, or an argument is of the wrong type.
    ValueError
        If single electrons cannot be told apart in the values, and no gain is given; if
        a mask has the wrong shape or excludes everything. While reading: if the data
        hold NaN or infinite values that are not masked.
    RuntimeError
        If a block cannot be read; it names the block.

    Warns
    -----
    UserWarning
        If a measured offset is an extreme of the values, which none of them shows; if
        values are clipped, how many, and the largest; if many are so far below 0
        that the offset cannot be right.

    Notes
    -----
    The scan is read once for what is clipped, and a few times more if gain or offset
    are to be measured, or what is faulty is to be found.

    Examples
    --------
    >>> import numpy as np
    >>> import pyxem as pxm
    >>> import hyperspy_4dphase as h4p
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.poisson(rng.gamma(0.5, 0.6, (18, 16)), (12, 14, 18, 16))
    >>> values = 12 * counts + rng.normal(50, 2, counts.shape)
    >>> s = pxm.signals.Diffraction2D(values.round().astype("uint16"))
    >>> quiet = {"show_progressbar": False, "print_info": False}
    >>> counted = h4p.count_electrons(s, random_state=0, **quiet)
    >>> bool((counted.data != counts).mean() < 0.01)
    True
    """
    scan = open_scan(locals())
    if gain is not None:
        gain = check_number("gain", gain, 0, above=True)
    if offset is not None:
        offset = check_number("offset", offset)
    dtype = _check_dtype(dtype)
    is_measured = gain is None or offset is None
    compression = replaced = None
    if is_measured or not keep_faulty:
        compression = compress_scan(
            scan, squares=False, descan=None, device=resolve_device(None)
        )
        masks = compression.excluded_patterns, compression.excluded_pixels
        scan, replaced = scan.replace_masks(*masks), compression.replaced
    rounding = _make_rounding(gain, offset, dtype, compression)
    with scan.progress() as progress:
        blocks = scan.blocks(progress, replaced=replaced)
        clipped = blocks.reduce(rounding.find_clipped, Clipped.merge)
    unseen = offset is None and rounding.offset != 0
    _warn_of(clipped, rounding, blocks.size, unseen)
    if print_info:
        lines = _describe(rounding, is_measured, compression, clipped)
        print(*lines, sep="\n")
    counted = type(signal)(
        count_scan(scan, rounding, replaced),
        axes=scan.axes,
        metadata=signal.metadata.as_dictionary(),
        original_metadata=signal.original_metadata.as_dictionary(),
    )
    scale = {"gain": rounding.gain, "offset": rounding.offset}
    counted.metadata.set_item(_NODE, scale | _number_faults(compression))
    return counted


def _check_dtype(dtype):
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = None
    if name not in _DTYPES:
        raise ValueError(f"dtype={dtype!r}; expected one of {_DTYPES}.")
    return np.dtype(name)


def _make_rounding(gain, offset, dtype, compression):
    """Round by what the user gave, and for the rest by what was measured.

    Raises
    ------
    ValueError
        If the gain is to be measured, and single electrons cannot be told apart.
    """
    if gain is None:
        _check_apart(compression.detector)
        gain = compression.detector["gain"]
    if offset is None:
        offset = compression.detector["offset"]
    return Rounding(float(gain), float(offset), dtype)


def _check_apart(measured):
    if measured["kind"] == "counts" or measured.get("apart"):
        return
    found = f"values are taken for {measured['kind']!r}"
    if measured["kind"] == "gain":
        found = (
            f"an electron gives {measured['gain']:.3g} units, and the readout noise is "
            f"{measured['readout_noise']:.3g}"
        )
    raise ValueError(
        f"Single electrons cannot be told apart: {found}. Give the gain (and the "
        "offset) if they are known; the methods of this package need no counts."
    )


def _number_faults(compression):
    """Flat numbers of what is faulty, for the metadata; none without a compression."""
    if compression is None:
        return {}
    names = "faulty_pixels", "faulty_patterns"
    masks = {name: getattr(compression, name) for name in names}
    return {n: np.flatnonzero(mask) for n, mask in masks.items() if mask is not None}


def _warn_of(clipped, rounding, size, is_level_needed):
    if is_level_needed and clipped.n_empty < _MIN_FRACTION_EMPTY * size:
        warnings.warn(
            f"The offset of {rounding.offset:.6g} was measured, but nearly none of the "
            f"values ({clipped.n_empty} of {size}) is without an electron above it: "
            "readout noise may have made the least values, and all counts may be "
            "too high. Give the offset of the camera, as in count_electrons(s, "
            "offset=...).",
            UserWarning,
            stacklevel=3,
        )
    if clipped.n_above:
        wider = "" if rounding.dtype.name == "uint32" else " dtype='uint32' holds more."
        warnings.warn(
            f"{clipped.n_above} values are more than {rounding.dtype} holds and were "
            f"clipped to {rounding.most}; the largest is {clipped.largest:.6g} "
            f"electrons. Are the gain of {rounding.gain:.6g} and the offset of "
            f"{rounding.offset:.6g} right?{wider}",
            UserWarning,
            stacklevel=3,
        )
    if clipped.n_far_below > _MAX_FRACTION_FAR_BELOW * size:
        warnings.warn(
            f"{clipped.n_far_below} values are two electrons or more below the offset "
            f"of {rounding.offset:.6g}, with a gain of {rounding.gain:.6g}, and became "
            "0: one of the two may be wrong.",
            UserWarning,
            stacklevel=3,
        )


def _describe(rounding, is_measured, compression, clipped):
    lines = [
        "Counting info:",
        f"  gain={rounding.gain:.6g}, offset={rounding.offset:.6g} "
        f"({'measured' if is_measured else 'as given'})",
    ]
    if compression is not None:
        lines += describe_faults(compression)
        if _number_faults(compression):
            lines.append("    What is left out is 0 in the result.")
    if clipped.n_below:
        lines.append(f"  below_zero={clipped.n_below} values became 0")
    if clipped.n_above:
        lines.append(f"  clipped={clipped.n_above} values became {rounding.most}")
    return lines
