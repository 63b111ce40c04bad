"""What was found out about the data, for users to read."""

import textwrap
import warnings

import numpy as np

# Noise of independent neighbours comes out at 1, within a few hundredths.
_SHARED_BELOW = 0.75
_MISFIT_FROM = 0.5
_POORLY_KNOWN = 0.2
_LESS_THAN_COUNTS = 0.5
_INDENT = {"initial_indent": "    ", "subsequent_indent": "    "}
# What will mislead, see `data_warnings`.
_SAME = (
    "{repeated} patterns are the same as another one, value for value: were they "
    "recorded or copied twice, or did the detector hang? "
)
_SHARED_BY_PATTERNS = (
    "Neighbouring patterns agree better than counting allows: their noise has "
    "{percent:.3g} % of the variance of independent patterns. Were they averaged, "
    "smoothed, repeated or interpolated along the scan? {same}Boundaries then become "
    "domains and components of their own, and confidence is too high. Use the scan as "
    "it was recorded, or every n-th position of it: s.inav[::n, ::n]."
)
_COPIES = (
    "{same}Copies have no noise of their own, and may become domains and components "
    "that are sure. Leave them out with navigation_mask."
)
_CLIPPED = (
    "Values end at {clipped_at:g}: {n_clipped} pixels have it again and again. They "
    "are saturated, or counts beyond were cut off or began from 0 again. How bright "
    "these pixels are is not known; leave them out with signal_mask, or use the data "
    "as they were recorded."
)
_NO_LINE = (
    "The variance of the values does not follow their mean as that of counted "
    "electrons does (off by {misfit:.0f} %): the detector may be saturated, or the "
    "patterns were processed. What stands above noise may be misjudged; the data as "
    "they were recorded will serve better."
)
_LITTLE_NOISE = (
    "The values vary less than counting allows (variance / mean = {ratio:.2f}): they "
    "may be saturated, clipped, binary or without noise. What stands above noise is "
    "judged too strictly then."
)
_SHARED_BY_PIXELS = (
    "Neighbouring pixels share their noise (a correlation of {correlation:.2f}): the "
    "patterns were smoothed, resampled or distortion was corrected. What stands above "
    "noise is judged by what is left of it; the patterns as they were recorded will "
    "serve better."
)


def report_data(compression, print_info):
    """Print what is known of the data, and warn of what will mislead.

    Parameters
    ----------
    compression : Compression
    print_info : bool

    Warns
    -----
    UserWarning
        If patterns are repeated, if values are cut off, if neighbouring patterns share
        their noise, or if noise follows no known law.
    """
    for message in data_warnings(compression):
        warnings.warn(message, UserWarning, stacklevel=4)
    if print_info:
        print("Data info:", *describe_data(compression), sep="\n")


def describe_data(compression):
    """Lines on the noise and the values of a scan.

    Parameters
    ----------
    compression : Compression

    Returns
    -------
    list of str
    """
    detector = compression.detector
    lines = [f"  noise={_describe_noise(detector)}"]
    shared = detector.get("neighbours", np.nan) < _SHARED_BELOW
    if detector.get("apart") and not shared:
        lines += [
            "    Single electrons stand apart in the histogram:",
            "    hyperspy_4dphase.count_electrons(s) gives counts.",
        ]
    lines += _describe_descan(compression)
    lines += describe_faults(compression)
    for message in data_warnings(compression):
        wrapped = textwrap.wrap(message, 78, initial_indent="  Beware: ")
        lines += wrapped[:1] + textwrap.wrap(" ".join(wrapped[1:]), 78, **_INDENT)
    return lines


def warn_of_left_descan(compression):
    """Warn of a descan that was asked to be taken out, and was found, but stays.

    Parameters
    ----------
    compression : Compression

    Warns
    -----
    UserWarning
    """
    if _is_descan_left(compression):
        size = compression.patterns.descan["rms"]
        warnings.warn(
            f"descan='fit' found a shift of {size:.2g} pixels (rms), but it was not "
            "taken out, since no pixel would be complete in all patterns. Crop the "
            "scan, or centre the patterns first.",
            UserWarning,
            stacklevel=3,
        )


def _is_descan_left(compression):
    """Whether a descan stays since no pixel is complete once it is taken out."""
    descan = compression.patterns.descan or {}
    # Earlier versions did not record it.
    return bool(descan.get("found")) and not descan.get("can_be_taken_out", True)


def describe_faults(compression):
    """Lines on the values that were left out or replaced.

    Parameters
    ----------
    compression : Compression

    Returns
    -------
    list of str
    """
    lines, shape = [], compression.navigation_shape
    pixels, frames = compression.faulty_pixels, compression.faulty_patterns
    if pixels is not None:
        where = _place(pixels.argmax(), compression.signal_shape)
        lines.append(
            f"  faulty_pixels={pixels.sum()} left out: no counting gives such values; "
            f"the first is at {where}"
        )
    if frames is not None:
        lines.append(
            f"  broken_frames={frames.sum()} left out: far brighter than all others; "
            f"the first is at {_place(frames.argmax(), shape)}"
        )
    if compression.replaced is not None:
        position, pixel = compression.replaced[:2, 0].astype(int)
        lines.append(
            f"  single_events={compression.replaced.shape[1]} values replaced by what "
            "is around them; the first is at pixel "
            f"{_place(pixel, compression.signal_shape)} of position "
            f"{_place(position, shape)}"
        )
    if lines:
        lines.append(
            "    Places are (row, column), from 0. keep_faulty=True keeps them."
        )
    return lines


def data_warnings(compression):
    """Sentences on what in the data will mislead.

    Parameters
    ----------
    compression : Compression

    Returns
    -------
    list of str
    """
    detector = compression.detector
    kind, gain = detector.get("kind"), detector.get("gain", 1.0)
    values = {
        "repeated": detector.get("repeated", 0),
        "percent": 100 * detector.get("neighbours", np.nan),
        "clipped_at": detector.get("clipped_at", np.nan),
        "n_clipped": detector.get("clipped_pixels", 0),
        "misfit": 100 * detector.get("misfit", np.nan),
        "ratio": detector.get("measured_gain", np.nan) / gain,
        "correlation": detector.get("pixels_share", 0.0),
    }
    values["same"] = _SAME.format(**values) if values["repeated"] else ""
    is_shared = detector.get("neighbours", np.nan) < _SHARED_BELOW
    told = [
        (is_shared, _SHARED_BY_PATTERNS),
        (values["repeated"] and not is_shared, _COPIES),
        (values["n_clipped"], _CLIPPED),
        (kind == "gain" and detector["misfit"] > _MISFIT_FROM, _NO_LINE),
        (kind == "counts" and 0 <= values["ratio"] < _LESS_THAN_COUNTS, _LITTLE_NOISE),
        (values["correlation"] > 0, _SHARED_BY_PIXELS),
    ]
    return [text.format(**values) for is_so, text in told if is_so]


def _describe_noise(detector):
    kind = detector.get("kind", "counts")
    gain, offset = detector.get("gain", 1.0), detector.get("offset", 0.0)
    measured = detector.get("measured_gain", np.nan)
    ratio = "" if np.isnan(measured) else f"; variance / mean = {measured / gain:.3g}"
    taken = f" above an offset of {offset:.6g}, which is taken off" if offset else ""
    if kind == "counts":
        unit = "counts" if gain == 1 else f"counts times {gain:.6g}"
        return f"{unit}{taken} (Poisson{ratio})"
    if kind == "gain":
        return (
            f"electrons times a gain of {_gain(detector)}, with a readout noise of "
            f"{detector['readout_noise']:.3g}{taken} (measured)"
        )
    if kind == "pixels":
        return "of each pixel as measured: values are no counts"
    return "the same everywhere: values are no counts"


def _gain(detector):
    """The gain and its standard error, rounded to what the error leaves of it."""
    gain, error = detector["gain"], detector.get("gain_error", 0.0)
    if not error > 0:
        return f"{gain:.4g}"
    # One digit of the error; two where it begins with a 1.
    digits = max(0, -int(np.floor(np.log10(error / 2))))
    known = "" if error <= _POORLY_KNOWN * gain else " (poorly known)"
    return f"{gain:.{digits}f} +- {error:.{digits}f}{known}"


def _describe_descan(compression):
    descan, incomplete = compression.patterns.descan, compression.incomplete_pixels
    if descan is None:
        return []
    size = f"{descan['rms']:.2g} +- {descan['rms_error']:.1g} px (rms)"
    if not descan["taken_out"]:
        if _is_descan_left(compression):
            return [
                f"  descan={size} found, and not taken out: no pixel would be complete",
                "    in all patterns. Domains and components may follow the shift:",
                "    crop the scan, or centre the patterns first.",
            ]
        if descan.get("found"):
            return [
                f"  descan={size} found: patterns shift over the detector, and domains",
                "    and components may follow the shift. Compare with",
                '    compression=hyperspy_4dphase.compress(s, descan="fit").',
            ]
        return [f"  descan=none found: {size}"]
    n_incomplete = 0 if incomplete is None else incomplete.sum()
    return [
        f"  descan={size} taken out; {n_incomplete} pixels that it leaves "
        "incomplete are left out",
        "    (hyperspy_4dphase.compress(s, descan=None) takes nothing out)",
    ]


def _place(number, shape):
    return tuple(int(i) for i in np.unravel_index(number, shape))
