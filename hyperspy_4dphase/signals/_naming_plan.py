"""What names are found with: structures, beam energy and geometry, all checked."""

from typing import NamedTuple

from hyperspy_4dphase._scalars import check_flags, check_number
from hyperspy_4dphase.signals._center import read_center
from hyperspy_4dphase.signals._domain_images import check_images
from hyperspy_4dphase.signals._optics import compare_voltage, find_scale, find_voltage

# What phases without a structure are called, here and in orix.
_RESERVED = {"amorphous", "indexed", "not indexed", "not_indexed", "vacuum"}


class NamingPlan(NamedTuple):
    """What names are found with.

    Attributes
    ----------
    candidates : list of Candidate
    voltage : float
        In kV.
    wavelength : float
        In Å.
    scale : float
        Size of a pixel in 1/Å.
    center : tuple of float, or None
        Row and column of the direct beam; None if it is to be found.
    spot_radius : float or None
        In 1/Å; None if it is to be measured.
    flip : bool
    scan_rotation, resolution : float
        In degrees.
    """

    candidates: list
    voltage: float
    wavelength: float
    scale: float
    center: tuple | None
    spot_radius: float | None
    flip: bool
    scan_rotation: float
    resolution: float


def plan_naming(
    structures,
    accelerating_voltage,
    metadata,
    axes,
    signal_type,
    *,
    center=None,
    spot_radius=None,
    flip=False,
    scan_rotation=0.0,
    resolution=2.0,
):
    """Check what names are to be found with, before anything is read.

    Parameters
    ----------
    structures, accelerating_voltage, center, spot_radius, flip, scan_rotation, \
resolution
        See :meth:`DomainMap.identify`.
    metadata : hyperspy.misc.utils.DictionaryTreeBrowser
        Of the scan or its map.
    axes : tuple of list of dict
        Navigation axes and signal axes of the scan, in array order.
    signal_type : str
        Of the scan.

    Returns
    -------
    NamingPlan

    Raises
    ------
    TypeError, ValueError

    Warns
    -----
    UserWarning
        If the metadata have another voltage than the one that is given.
    """
    from diffsims.utils.sim_utils import get_electron_wavelength

    from hyperspy_4dphase.structures import load_candidates

    resolution = check_number("resolution", resolution, 0.2, 10)
    _, signal_axes = axes
    check_images(signal_axes, signal_type, "Phases")
    center, radius, turn = check_geometry(
        signal_axes, center, spot_radius, flip, scan_rotation
    )
    candidates = load_candidates(structures)
    taken = sorted({c.name for c in candidates} & _RESERVED)
    if taken:
        raise ValueError(
            f"structures has the names {taken}, which stand for what has no structure: "
            "give others in a dict."
        )
    voltage = find_voltage(metadata, accelerating_voltage)
    wavelength = float(get_electron_wavelength(voltage))
    scale = find_scale(signal_axes, wavelength)
    if accelerating_voltage is not None:
        compare_voltage(metadata, voltage)
    return NamingPlan(
        candidates, voltage, wavelength, scale, center, radius, flip, turn, resolution
    )


def check_geometry(axes, center, spot_radius, flip, scan_rotation):
    """Check how patterns lie on the detector, as a user says it.

    Parameters
    ----------
    axes : list of dict
        Of a pattern, in array order.
    center, spot_radius, flip, scan_rotation
        See :meth:`DomainMap.identify`.

    Returns
    -------
    center : tuple of float, or None
        Row and column.
    spot_radius : float or None
    scan_rotation : float

    Raises
    ------
    TypeError, ValueError
    """
    check_flags(flip=flip)
    turn = check_number("scan_rotation", scan_rotation, -360, 360)
    radius = check_number("spot_radius", spot_radius, 0, above=True, optional=True)
    center = read_center(center, axes)
    center = None if center is None else tuple(center.tolist())
    return center, radius, turn
