"""How strongly atoms scatter electrons."""

import re

import numpy as np
from diffsims.utils.lobato_scattering_params import ATOMIC_SCATTERING_PARAMS_LOBATO
from diffsims.utils.sim_utils import get_atomic_scattering_factors

DEBYE_WALLER = 0.7
"""Debye-Waller factor B in Å² of an atom of which nothing else is known: the middle of
what oxides and metals have at room temperature, 0.3 to 1.2 Å²."""

# Isotopes that files of neutron diffraction name.
_ISOTOPES = {"D": "H", "T": "H"}


def element_symbol(text):
    """Find the element in a site's type or label.

    Parameters
    ----------
    text : str
        Such as ``"Mn3.5+"``, ``"O2-"`` or ``"Li1"``. Letters that follow are no part of
        the symbol unless they are small: ``"CA1"`` is carbon.

    Returns
    -------
    symbol : str

    Raises
    ------
    ValueError
        If there is no element with a tabulated scattering factor.

    Examples
    --------
    >>> element_symbol("Mn3.5+"), element_symbol("OH2"), element_symbol("D")
    ('Mn', 'O', 'H')
    """
    letters = re.match(r"[0-9]*-?([A-Za-z][a-z]?)", str(text).strip())
    start = letters.group(1) if letters else ""
    for symbol in (start.capitalize(), start[:1].upper()):
        symbol = _ISOTOPES.get(symbol, symbol)
        if symbol in ATOMIC_SCATTERING_PARAMS_LOBATO:
            return symbol
    raise ValueError(f"no scattering factor is tabulated for element {text!r}")


def atomic_factor(element, q):
    """Return an element's electron scattering factor.

    Parameters
    ----------
    element : str
        Symbol.
    q : numpy.ndarray
        Length of the scattering vector in 1/Å.

    Returns
    -------
    factor : numpy.ndarray
        In Å, of the shape of ``q``.

    Raises
    ------
    ValueError
        If the element has no tabulated factor.

    References
    ----------
    .. [1] I. Lobato and D. Van Dyck, Acta Cryst. A 70, 636 (2014),
       doi:10.1107/S205327331401643X

    Examples
    --------
    >>> import numpy as np
    >>> bool(np.all(np.diff(atomic_factor("O", np.linspace(0, 2, 9))) < 0))
    True
    """
    if element not in ATOMIC_SCATTERING_PARAMS_LOBATO:
        raise ValueError(f"no scattering factor is tabulated for element {element!r}")
    q = np.asarray(q, dtype=float)
    table = np.array([ATOMIC_SCATTERING_PARAMS_LOBATO[element]])
    factor = get_atomic_scattering_factors(q.ravel() ** 2, table, "lobato")
    return factor[:, 0].reshape(q.shape)
