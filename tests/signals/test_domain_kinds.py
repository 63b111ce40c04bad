"""`DomainMap.classify`, `crystallinity` and `plot_classes`. All dimensions differ."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hyperspy.signals import Signal2D
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase import DomainClasses, DomainMap
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.domains._tree_edits import flat_tree, split_domain

from ..estimators.mean_patterns import CENTER, SHAPE, mean_pattern
from .domains import mapped

QUIET = {"show_progressbar": False}
# By size, as domains are numbered.
KINDS = "crystalline", "amorphous", "vacuum", "mixed"
SIZES, DOSE = (70, 40, 30, 16), 1500
FORMS = {"2-D": (12, 13), "1-D": (156,), "1 x n": (1, 156), "3-D": (3, 4, 13)}


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def planted(form="2-D", lazy=False, camera=None, hidden=None, **scene):
    """A map of the four kinds, its scan, and labels; the last position is masked.

    Pixels of `hidden` have no counts, and nothing is said of them.
    """
    shape = FORMS[form]
    labels = np.repeat(np.arange(4), SIZES).reshape(shape)
    rates = DOSE * np.stack([mean_pattern(kind, **scene) for kind in KINDS])
    data = np.random.default_rng(0).poisson(rates[labels]).astype(np.uint16)
    if hidden is not None:
        data[..., hidden] = 0
    if camera is not None:
        data = (camera["gain"] * data + camera["offset"]).astype(np.float32)
    scan = ElectronDiffraction2D(data)
    for number, axis in enumerate(scan.axes_manager.navigation_axes):
        axis.name, axis.units = "xyz"[number], "nm"
        axis.scale, axis.offset = 2.5 + number, -7.0
    if lazy:
        scan = scan.as_lazy()
    excluded = np.zeros(labels.size, bool)
    excluded[-1] = True
    pixels = np.zeros(SHAPE, bool)
    pixels[3:5, 7] = True
    tree = flat_tree([labels.size - 1])
    tree, _, _ = split_domain(tree, 0, [70, 40, 30, 15])
    domains = DomainMap.from_scan(
        Scan.from_signal(scan).replace_masks(excluded, pixels.ravel()),
        labels.ravel()[:-1],
        tree,
        provenance={},
    )
    for name, value in (camera or {}).items():
        domains.metadata.set_item(f"Domain_map.{name}", value)
    labels.ravel()[-1] = -1
    return domains, scan, labels


@pytest.fixture(scope="module")
def planted_once():
    return planted()


@pytest.fixture(scope="module")
def classes(planted_once):
    return planted_once[0].classify(planted_once[1], **QUIET)


def test_classes(classes):
    assert classes.names == list(KINDS)
    np.testing.assert_allclose(classes.probabilities.sum(axis=1), 1)
    assert [row.size for row in classes] == [70, 40, 30, 15]
    assert classes[0].spot_fraction == pytest.approx(0.6, abs=0.08)
    assert classes[1].spot_fraction == 0
    assert list(classes[0].probabilities) == [
        "vacuum",
        "amorphous",
        "crystalline",
        "mixed",
    ]


def test_table(classes):
    header, *rows = repr(classes).splitlines()
    assert header.split()[:3] == ["domain", "positions", "class"]
    assert len(rows) == 4
    for row, kind in zip(rows, KINDS, strict=True):
        assert kind in row
    assert "% of the counts outside the direct beam" in rows[2]
    assert "no spots" in rows[1]


def test_sequence(classes):
    assert isinstance(classes, DomainClasses)
    assert isinstance(classes[1:], DomainClasses)
    assert classes[1:].names == list(KINDS[1:])
    assert classes[-1].label == 3
    assert classes == classes[:]
    assert classes != classes[1:]
    assert classes != list(classes)
    with pytest.raises(IndexError):
        _ = classes[4]


def test_map_is_not_changed(planted_once, classes):
    domains, scan, labels = planted_once
    before = domains.metadata.as_dictionary()
    again = domains.classify(scan, **QUIET)
    assert again == classes
    np.testing.assert_array_equal(domains.labels, labels)
    assert domains.metadata.as_dictionary().keys() == before.keys()


def test_few_counts_are_unknown(planted_once):
    domains, scan, _ = planted_once
    sure = domains.classify(scan, threshold=0.99999, **QUIET)
    assert "unknown" in sure.names


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lazy", [False, True])
def test_crystallinity(form, lazy):
    domains, scan, labels = planted(form, lazy)
    found = domains.crystallinity(scan, **QUIET)
    assert type(found) is Signal2D
    assert str(found.axes_manager) == str(domains.axes_manager)
    assert found.axes_manager.as_dictionary() == domains.axes_manager.as_dictionary()
    assert found.metadata.General.title.startswith("Crystallinity")
    values = found.data.reshape(labels.shape)
    assert np.isnan(values[labels == -1]).all()
    assert np.isnan(values[labels == 2]).all()
    for label, share, error in ((0, 0.6, 0.06), (1, 0.0, 0.05), (3, 0.3, 0.08)):
        own = values[labels == label]
        assert own.mean() == pytest.approx(share, abs=error)
        assert own.min() >= 0
        assert own.max() <= 1


def test_eager_and_lazy_agree():
    one, other = (planted(lazy=lazy) for lazy in (False, True))
    np.testing.assert_array_equal(
        one[0].crystallinity(one[1], **QUIET).data,
        other[0].crystallinity(other[1], **QUIET).data,
    )


def make_cross():
    cross = np.zeros(SHAPE, bool)
    cross[29:31] = cross[:, 40:42] = True
    return cross


def make_stop():
    """A bar from the edge, over the direct beam."""
    y, x = np.indices(SHAPE)
    stop = (abs(y - CENTER[0]) < 4) & (x > CENTER[1])
    return stop | (np.hypot(y - CENTER[0], x - CENTER[1]) < 5)


@pytest.mark.parametrize(
    "scene",
    [
        {"hidden": make_stop()},
        {"hidden": make_cross()},
        {"ellipse": 0.05},
        {"center": (36.3, 29.6)},
    ],
    ids=["beam stop", "missing cross", "ellipse", "off centre"],
)
def test_crystallinity_of_faulty_patterns(scene):
    domains, scan, labels = planted(**scene)
    found, errors = domains.crystallinity(scan, return_errors=True, **QUIET)
    for label, share, error in ((0, 0.6, 0.06), (1, 0.0, 0.06), (3, 0.3, 0.1)):
        own = labels == label
        assert found.data[own].mean() == pytest.approx(share, abs=error)
    crystal = labels == 0
    spread = found.data[crystal].std()
    assert spread == pytest.approx(errors.data[crystal].mean(), rel=0.35)
    assert np.isnan(found.data[labels == 2]).all()


def test_errors_are_the_spread_of_like_positions(planted_once):
    domains, scan, labels = planted_once
    found, errors = domains.crystallinity(scan, return_errors=True, **QUIET)
    assert str(errors.axes_manager) == str(found.axes_manager)
    np.testing.assert_array_equal(found.data, domains.crystallinity(scan, **QUIET).data)
    own = labels == 0
    assert found.data[own].std() == pytest.approx(errors.data[own].mean(), rel=0.3)
    assert np.isnan(errors.data[labels == -1]).all()
    few, same = domains.crystallinity(
        scan, max_error=0.001, return_errors=True, **QUIET
    )
    assert np.isnan(few.data).all()
    np.testing.assert_array_equal(same.data, errors.data)


def test_too_few_counts(planted_once):
    domains, scan, labels = planted_once
    found = domains.crystallinity(scan, max_error=0.001, **QUIET)
    assert np.isnan(found.data).all()
    all_of_them = domains.crystallinity(scan, max_error=5, **QUIET)
    there = (labels != 2) & (labels >= 0)
    np.testing.assert_array_equal(np.isfinite(all_of_them.data), there)


def test_camera(planted_once):
    """Gain and offset, told by the map, change no more than rounding does."""
    domains, scan, _ = planted_once
    camera = {"gain": 12.0, "offset": 200.0, "readout_variance": 0.0}
    other, camera_scan, _ = planted(camera=camera)
    one = domains.crystallinity(scan, **QUIET)
    found = other.crystallinity(camera_scan, **QUIET)
    np.testing.assert_allclose(found.data, one.data, atol=0.05)
    assert other.classify(camera_scan, **QUIET).names == list(KINDS)


def test_unknown_gain():
    """Variances that were measured stand for it."""
    domains, scan, labels = planted()
    domains.metadata.set_item("Domain_map.gain", None)
    data = scan._deepcopy_with_new_data(0.37 * scan.data.astype(float))
    assert domains.classify(data, **QUIET).names == list(KINDS)
    found = domains.crystallinity(data, **QUIET).data
    assert found[labels == 0].mean() == pytest.approx(0.6, abs=0.06)


def test_reloaded(classes, planted_once, tmp_path):
    domains, scan, _ = planted_once
    domains.mean_patterns(scan, **QUIET)
    domains.save(tmp_path / "map.hspy")
    loaded = hs.load(tmp_path / "map.hspy")
    assert loaded.classify().names == classes.names
    with pytest.raises(ValueError, match="no longer in memory"):
        loaded.crystallinity()


def test_plot(planted_once, classes):
    domains, scan, _ = planted_once
    ax = domains.plot_classes(classes, title="Classes")
    texts = [text.get_text() for text in ax.figure.findobj(plt.Text)]
    for kind in KINDS:
        assert any(kind in text for text in texts)
    assert not any("unknown" in text for text in texts)
    assert ax.get_title() == "Classes"
    assert domains.plot_classes(signal=scan, **QUIET) is not ax


def test_plot_of_other_classes(planted_once, classes):
    with pytest.raises(TypeError, match=r"what classify\(\) returns, not list"):
        planted_once[0].plot_classes(list(classes))
    with pytest.raises(ValueError, match="of 3 domains; this map has 4"):
        planted_once[0].plot_classes(classes[1:])


@pytest.mark.parametrize("method", ["classify", "crystallinity"])
def test_bad_input(method):
    domains, scan, _ = mapped()
    call = getattr(domains, method)
    with pytest.raises(TypeError, match="keep_faulty_pixels must be True or False"):
        call(scan, keep_faulty_pixels="hot")
    with pytest.raises(ValueError, match="Spots and halos.*pixels are square"):
        call(scan)


@pytest.mark.parametrize("form", ["1-D patterns", "polar"])
def test_no_images(form):
    domains, scan, _ = mapped(form)
    with pytest.raises(ValueError, match="images only"):
        domains.classify(scan)


def test_options_out_of_range(planted_once):
    domains, scan, _ = planted_once
    with pytest.raises(ValueError, match="threshold must be"):
        domains.classify(scan, threshold=1.5)
    with pytest.raises(TypeError, match="return_errors must be True or False"):
        domains.crystallinity(scan, return_errors="yes")
    with pytest.raises(ValueError, match="max_error must be"):
        domains.crystallinity(scan, max_error=0)
    with pytest.raises(ValueError, match="slice of it"):
        domains.isig[:5, :4].classify(scan)
