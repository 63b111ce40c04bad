"""Units of axes as other packages spell them."""

import math
from unicodedata import normalize

# The last one is what HyperSpy's files hold where there is no unit.
NO_UNITS = ("", "px", "pixel", "pixels", "<undefined>")
# There are two micro signs, and two of the angstrom: compare what `plain_units` gives.
IN_NM = {"pm": 1e-3, "A": 0.1, "\u00c5": 0.1, "angstrom": 0.1, "nm": 1.0}
IN_UM = {"um": 1.0, "\u03bcm": 1.0, "mm": 1e3, "m": 1e6}
# Of reciprocal lengths, by the length alone.
_PER_ANGSTROM = {"pm": 100.0, "A": 1.0, "nm": 0.1, "um": 1e-4, "m": 1e-10}
_IN_MRAD = {"urad": 1e-3, "\u03bcrad": 1e-3, "mrad": 1.0, "rad": 1e3}
_IN_MRAD["deg"] = 1e3 * math.pi / 180
# What TeX, and pyxem's k_A^-1, write around a unit.
_ORNAMENTS = ("\\mathrm", "$", "{", "}", "\\", "^", "_", " ")


def plain_units(units):
    """Units as a text without compatibility characters; "" if they are no text."""
    return normalize("NFKC", units).strip() if isinstance(units, str) else ""


def spell_length(units):
    """Spell units of a scan as py4DSTEM and quantem do.

    Parameters
    ----------
    units : object
        Of an axis of HyperSpy.

    Returns
    -------
    factor : float
        By which values are multiplied.
    units : str
        ``"A"``, ``"nm"`` or ``"pixels"``; anything that is no length as it was.

    Examples
    --------
    >>> spell_length("µm")
    (1000.0, 'nm')
    """
    units = plain_units(units)
    if units in NO_UNITS:
        return 1.0, "pixels"
    if units in ("A", "\u00c5", "angstrom"):
        return 1.0, "A"
    if units in IN_NM:
        return IN_NM[units], "nm"
    if units in IN_UM:
        return 1e3 * IN_UM[units], "nm"
    return 1.0, units


def spell_reciprocal(units):
    """Spell units of a detector as py4DSTEM and quantem do.

    Parameters
    ----------
    units : object
        Of an axis of HyperSpy: 1/length, an angle, or none.

    Returns
    -------
    factor : float or None
        By which values are multiplied. None if the units are none of these.
    units : str
        ``"A^-1"``, ``"mrad"`` or ``"pixels"``.

    Examples
    --------
    >>> spell_reciprocal("1/nm"), spell_reciprocal("$A^{-1}$")
    ((0.1, 'A^-1'), (1.0, 'A^-1'))
    """
    text = plain_units(units)
    if text in NO_UNITS:
        return 1.0, "pixels"
    for ornament in _ORNAMENTS:
        text = text.replace(ornament, "")
    text = text.replace("\u2212", "-").replace("\u00c5", "A").replace("AA", "A")
    text = text.replace("angstrom", "A").replace("\u03bcm", "um")
    if text in _IN_MRAD:
        return _IN_MRAD[text], "mrad"
    length = text.removeprefix("k").removeprefix("1/").removesuffix("-1")
    if length != text.removeprefix("k") and length in _PER_ANGSTROM:
        return _PER_ANGSTROM[length], "A^-1"
    return None, text


def show_units(units):
    """Spell units of py4DSTEM and quantem as pyxem's signals do.

    Examples
    --------
    >>> show_units("A^-1"), show_units("A"), show_units("pixels")
    ('$A^{-1}$', 'Å', 'px')
    """
    return {"A^-1": "$A^{-1}$", "A": "\u00c5", "pixels": "px"}.get(units, units)
