"""A camera's values as counts of electrons, where these can be told apart."""

import numpy as np

from hyperspy_4dphase._arguments import check_number, check_scan
from hyperspy_4dphase._results import axes_dictionaries
from hyperspy_4dphase.methods.compress import compress

_MOST = np.iinfo(np.uint16).max


def count_electrons(
    signal, gain=None, offset=None, *, random_state=None, show_progressbar=None
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
        Units of the data an electron. By default it is measured, which reads the scan.
    offset : float, optional
        Units of the data without an electron; measured by default.
    random_state : int or numpy.random.RandomState, optional
        For the sample that gain and offset are measured on.
    show_progressbar : bool, optional
        Whether to show progress. By default as in HyperSpy's preferences.

    Returns
    -------
    signal
        Of the same class, axes and metadata, uint16. Lazy if the scan is lazy: it is
        then computed block by block when it is read.

    Raises
    ------
    TypeError
        If the data are no real numbers, or an argument is no number.
    ValueError
        If single electrons cannot be told apart in the values, and no gain is given.

    Examples
    --------
    >>> import numpy as np
    >>> import pyxem as pxm
    >>> import hyperspy_4dphase as h4p
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.poisson(rng.gamma(0.5, 0.6, (18, 16)), (12, 14, 18, 16))
    >>> values = 12 * counts + rng.normal(50, 2, counts.shape)
    >>> s = pxm.signals.Diffraction2D(values.round().astype("uint16"))
    >>> counted = h4p.count_electrons(s, random_state=0, show_progressbar=False)
    >>> bool((counted.data != counts).mean() < 0.01)
    True
    """
    check_scan(signal)
    if gain is not None:
        gain = check_number("gain", gain, above=0)
    if offset is not None:
        offset = check_number("offset", offset)
    if gain is None or offset is None:
        measured = compress(
            signal,
            squares=False,
            random_state=random_state,
            show_progressbar=show_progressbar,
        ).detector
        if gain is None:
            _check_apart(measured)
            gain = measured["gain"]
        offset = measured["offset"] if offset is None else offset
    counted = type(signal)(
        _counted(signal.data, gain, offset),
        axes=axes_dictionaries(signal),
        metadata=signal.metadata.as_dictionary(),
    )
    counted.metadata.set_item(
        "Signal.Noise_properties.electrons_counted",
        {"gain": float(gain), "offset": float(offset)},
    )
    return counted


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


def _counted(data, gain, offset):
    if isinstance(data, np.ndarray):
        return _rounded(data, gain, offset)
    return data.map_blocks(_rounded, gain, offset, dtype=np.uint16)


def _rounded(values, gain, offset):
    counts = (values.astype(np.float64) - offset) / gain
    np.rint(counts, out=counts)
    return np.clip(counts, 0, _MOST, out=counts).astype(np.uint16)
