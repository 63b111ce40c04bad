"""`DomainMap.phases`: rotated copies merged, with their angles; maps for orix."""

import hyperspy.api as hs
import numpy as np
import pytest
from orix.crystal_map import Phase
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase import DomainMap, interop
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.domains._tree_edits import (
    flat_tree,
    leaf_sizes,
    split_domain,
)

from .domains import mapped

QUIET = {"show_progressbar": False}
# Degrees from kx towards ky; the last domain is another structure.
TURNS = (0.0, 35.0, -20.0, 0.0)
CENTER = (19.6, 24.2)


def pattern(angle, radii):
    """A triangle of spots, which no half turn maps onto itself."""
    rows, columns = np.indices((40, 50)) - np.array(CENTER)[:, None, None]
    image = 40 * np.exp(-(rows**2 + columns**2) / 2)
    for spoke, radius in enumerate(radii):
        turned = np.radians(angle + 120 * spoke)
        y, x = radius * np.sin(turned), radius * np.cos(turned)
        image += 30 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 3)
    return image + 0.05


@pytest.fixture(scope="module", params=["uint16", "float32"])
def planted(request):
    """A map of four domains on a scan of (9, 12), the last position masked."""
    labels = np.repeat(np.arange(4), [40, 30, 24, 14]).reshape(9, 12)
    images = [pattern(angle, (9, 12, 15)) for angle in TURNS[:3]]
    images.append(pattern(0, (7, 7, 7)))
    rng = np.random.default_rng(0)
    data = rng.poisson(np.array(images)[labels]).astype(request.param)
    scan = ElectronDiffraction2D(data)
    for axis in scan.axes_manager.navigation_axes:
        axis.units, axis.scale = "nm", 2.5
    excluded = np.zeros(108, bool)
    excluded[-1] = True
    tree, _, _ = split_domain(flat_tree([107]), 0, [40, 30, 24, 13])
    domains = DomainMap.from_scan(
        Scan.from_signal(scan).replace_masks(excluded, None),
        labels.ravel()[:-1],
        tree,
        provenance={},
    )
    labels[-1, -1] = -1
    return domains, scan, labels


@pytest.fixture(scope="module")
def phases(planted):
    domains, scan, _ = planted
    return domains.phases(scan, center=CENTER[::-1], **QUIET)


def test_merged(planted, phases):
    domains, _, labels = planted
    assert phases.n_domains == 2
    np.testing.assert_array_equal(phases.labels, np.array([0, 0, 0, 1, -1])[labels])
    np.testing.assert_array_equal(leaf_sizes(phases.tree), [94, 13])
    assert domains.angles is None
    assert domains.rotation is None
    assert domains.mirrored is None


def test_angles(phases):
    """Up to the domain that they are counted from."""
    assert phases.angles.shape == phases.mirrored.shape == (4,)
    turned = phases.angles[:3] - phases.angles[0]
    np.testing.assert_allclose(turned, TURNS[:3], atol=1)
    assert not phases.mirrored.any()
    assert np.abs(phases.angles).min() == 0


def test_rotation(planted, phases):
    rotation, labels = phases.rotation, planted[2]
    assert type(rotation) is hs.signals.Signal2D
    assert str(rotation.axes_manager) == str(phases.axes_manager)
    expected = np.append(phases.angles, np.nan)[labels]
    np.testing.assert_allclose(rotation.data, expected, rtol=1e-6)


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
@pytest.mark.parametrize("lazy", [False, True])
def test_reloaded(phases, extension, lazy, tmp_path):
    phases.save(tmp_path / f"map.{extension}")
    loaded = hs.load(tmp_path / f"map.{extension}", lazy=lazy)
    np.testing.assert_array_equal(loaded.angles, phases.angles)
    np.testing.assert_array_equal(loaded.mirrored, phases.mirrored)
    np.testing.assert_array_equal(loaded.rotation.data, phases.rotation.data)
    assert loaded.provenance["changes"] == ["phases()"]


def test_slice_has_no_rotation(phases):
    with pytest.raises(ValueError, match=r"\(4, 5\), is a slice of .*\(9, 12\)"):
        _ = phases.isig[:5, :4].rotation


def euler(xmap):
    return xmap.rotations.to_euler(degrees=True)[:, 0].reshape(xmap.shape)


def test_crystal_map(planted, phases):
    labels = planted[2]
    xmap = phases.to_crystal_map()
    assert xmap.scan_unit == "nm"
    assert xmap.dx == 2.5
    np.testing.assert_array_equal(xmap.prop["domain"].reshape(9, 12), phases.labels)
    np.testing.assert_array_equal(xmap.phase_id.reshape(9, 12), phases.labels)
    inside = labels >= 0
    # orix counts the other way round.
    expected = -phases.angles[labels] % 360
    np.testing.assert_allclose(euler(xmap)[inside], expected[inside], atol=1e-3)
    assert (xmap.prop["mirrored"] == 0).all()


def test_crystal_map_with_phases(phases):
    listed = [Phase("Al", point_group="m-3m"), Phase("Fe", point_group="4")]
    xmap = phases.to_crystal_map(listed)
    assert xmap.phases.names[-2:] == ["Al", "Fe"]
    assert xmap.phases["Al"].point_group.name == "m-3m"
    other = phases.to_crystal_map(listed, phase_ids=[1, -1])
    np.testing.assert_array_equal(
        other.phase_id.reshape(9, 12), np.array([1, -1, -1])[phases.labels]
    )
    with pytest.raises(ValueError, match="1 phases for 2 domains"):
        phases.to_crystal_map(listed[:1])


def test_interop_takes_a_map(phases):
    one, other = interop.to_crystal_map(phases), phases.to_crystal_map()
    np.testing.assert_array_equal(euler(one), euler(other))
    np.testing.assert_array_equal(one.phase_id, other.phase_id)
    with pytest.raises(TypeError, match="axes of its own"):
        interop.to_crystal_map(phases, [])
    with pytest.raises(TypeError, match="axes are needed"):
        interop.to_crystal_map(phases.labels)


def test_split_phase(planted, phases):
    """Rotations stay with their positions."""
    half = np.indices((9, 12))[0] > 1
    parted = phases.split(0, half)
    np.testing.assert_array_equal(parted.rotation.data, phases.rotation.data)
    one, other = parted.to_crystal_map(), phases.to_crystal_map()
    np.testing.assert_allclose(euler(one), euler(other))
    assert len(one.phases.names) == len(other.phases.names) + 1


def spoilt_map(planted, offset=0.0, stored=None):
    """The same map, and a scan with a hot pixel, two dead rows and an offset."""
    domains, scan, _ = planted
    background = np.random.default_rng(2).poisson(1, scan.data.shape)
    data = scan.data + background.astype(float)
    data[..., 8, 33] += 500
    data[..., 27:29, :] = 0
    scan = scan._deepcopy_with_new_data(data + offset)
    domains = domains.deepcopy()
    for name, value in (stored or {}).items():
        domains.metadata.set_item(f"Domain_map.{name}", value)
    return domains, scan


@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_faulty_pixels(planted, phases, offset):
    domains, scan = spoilt_map(planted, offset, {"offset": offset})
    found = domains.phases(scan, center=CENTER[::-1], **QUIET)
    np.testing.assert_array_equal(found.labels, phases.labels)
    np.testing.assert_allclose(
        found.angles - found.angles[0], phases.angles - phases.angles[0], atol=1
    )
    stored = found.metadata.Domain_map.phases
    faulty, hot = np.asarray(stored.faulty_pixels), np.asarray(stored.hot_pixels)
    assert faulty.dtype == hot.dtype == bool
    assert faulty.shape == hot.shape == (40 * 50,)
    assert np.argwhere(hot.reshape(40, 50)).tolist() == [[8, 33]]
    expected = hot.reshape(40, 50).copy()
    expected[27:29] = True
    np.testing.assert_array_equal(faulty.reshape(40, 50), expected)


def test_faulty_pixels_can_be_kept(planted):
    domains, scan = spoilt_map(planted)
    kept = domains.phases(scan, center=CENTER[::-1], keep_faulty_pixels=True, **QUIET)
    assert kept.n_domains == 4
    assert "faulty_pixels" not in kept.metadata.Domain_map.phases
    with pytest.raises(TypeError, match="keep_faulty_pixels must be True or False"):
        domains.phases(scan, keep_faulty_pixels="hot")


def test_clean_scan_has_no_faulty_pixels(phases):
    assert not np.any(phases.metadata.Domain_map.phases.faulty_pixels)


def test_offset_and_readout_noise(planted, phases):
    """A camera's units, with what it adds, told by the compression."""
    domains, scan, _ = planted
    rng = np.random.default_rng(1)
    data = 12 * scan.data.astype(float) + rng.normal(200, 4, scan.data.shape)
    camera = {"gain": 12.0, "offset": 200.0, "readout_variance": 16.0}
    domains, _ = spoilt_map(planted, stored=camera)
    found = domains.phases(
        scan._deepcopy_with_new_data(data), center=CENTER[::-1], **QUIET
    )
    np.testing.assert_array_equal(found.labels, phases.labels)
    assert not np.any(found.metadata.Domain_map.phases.faulty_pixels)


@pytest.mark.parametrize("form", ["1-D patterns", "polar"])
def test_no_images(form):
    domains, scan, _ = mapped(form)
    with pytest.raises(ValueError, match="images only"):
        domains.phases(scan)


def test_pixels_that_are_not_square():
    domains, scan, _ = mapped()
    with pytest.raises(ValueError, match="pixels are square.*2.5 along x and 3.5"):
        domains.phases(scan)
