"""`DomainMap`: axes, patterns, edits and slices of maps of every dimension."""

import gc

import numpy as np
import pytest

from hyperspy_4dphase import DomainMap
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.domains._tree_edits import leaf_sizes
from hyperspy_4dphase.signals import _domain_patterns
from hyperspy_4dphase.signals.domain_map import LazyDomainMap

from ..methods.conftest import lazy, unchanged
from .domains import N_DOMAINS, SHAPES, mapped, numpy_means
from .test_latent_embedding_files import check_equal

QUIET = {"show_progressbar": False}
FORMS = pytest.mark.parametrize("form", SHAPES)


def axes(signal, which):
    return [a.get_axis_dictionary() for a in getattr(signal.axes_manager, which)]


def calibration(dictionaries):
    names = ("size", "scale", "offset", "units", "name")
    return [[axis[name] for name in names] for axis in dictionaries]


@pytest.fixture
def reads(monkeypatch):
    """The blocks that maps have read."""
    made = []

    class Counted(PatternBlocks):
        def __init__(self, *arguments, **keywords):
            super().__init__(*arguments, **keywords)
            made.append(self)

    monkeypatch.setattr("hyperspy_4dphase._scan.PatternBlocks", Counted)
    return made


@FORMS
def test_what_is_carried(form):
    domains, scan, labels = mapped(form)
    assert type(domains) is DomainMap
    assert domains.data.dtype == domains.labels.dtype == np.int32
    np.testing.assert_array_equal(domains.labels, labels)
    assert domains.axes_manager.signal_dimension == 2
    assert domains.axes_manager.navigation_dimension == max(labels.ndim - 2, 0)
    own = axes(domains, "navigation_axes") + axes(domains, "signal_axes")
    expected = axes(scan, "navigation_axes")
    if labels.ndim == 3:
        # Displayed order: z comes last among the navigation axes of the scan.
        expected = [expected[2], *expected[:2]]
    assert calibration(own)[: labels.ndim] == calibration(expected)
    assert domains.metadata.General.title == "Domains of planted"
    assert domains.metadata.Sample.description == "bilayer"
    assert domains.metadata.Signal.signal_type == "domain_map"
    assert domains.n_domains == N_DOMAINS
    np.testing.assert_array_equal(domains.sizes, np.bincount(labels[labels >= 0]))
    assert domains.provenance["method"] == "planted"


@FORMS
@pytest.mark.parametrize("kind", ["eager", "lazy", "ragged"])
def test_mean_patterns(form, kind, reads, monkeypatch):
    domains, scan, labels = mapped(form)
    excluded = domains._stored_map.excluded_pixels
    # It is the default of an argument, which is bound already.
    monkeypatch.setitem(PatternBlocks.__init__.__kwdefaults__, "block_values", 1)
    expected = numpy_means(scan, labels)
    expected[:, excluded] = np.nan
    before = scan.deepcopy()
    signal = scan
    if kind != "eager":
        signal = lazy(
            scan,
            -1 if kind == "lazy" else tuple(max(n // 2, 2) for n in scan.data.shape),
        )
    means = domains.mean_patterns(signal, **QUIET)
    assert [blocks.n_reads for blocks in reads] == [1]
    np.testing.assert_allclose(means.data.reshape(N_DOMAINS, -1), expected, rtol=1e-6)
    assert type(means) is type(scan)
    assert calibration(axes(means, "signal_axes")) == calibration(
        axes(scan, "signal_axes")
    )
    assert means.axes_manager[0].name == "domain"
    assert means.metadata.Sample.description == "bilayer"
    assert unchanged(scan, before)
    # And never again.
    again = domains.mean_patterns(**QUIET)
    np.testing.assert_array_equal(again.data, means.data)
    domains.difference_patterns(**QUIET)
    assert len(reads) == 1


def test_masked_values_may_be_anything():
    domains, scan, labels = mapped(dtype="float32")
    scan.data[labels < 0] = np.nan
    scan.data.reshape(labels.size, -1)[:, domains._stored_map.excluded_pixels] = -1
    means = domains.mean_patterns(**QUIET).data.reshape(N_DOMAINS, -1)
    assert np.isnan(means).sum() == N_DOMAINS * 2


def test_scan_is_remembered_while_it_is_there():
    domains, scan, _ = mapped()
    assert domains.scan is scan
    twin = domains.deepcopy()
    assert twin.cut(2).isig[:3, :2].scan is scan
    del scan
    gc.collect()
    assert domains.scan is None
    with pytest.raises(ValueError, match=r"give it, as in mean_patterns\(signal\)"):
        domains.mean_patterns()
    with pytest.raises(ValueError, match=r"mean_patterns\(signal\)"):
        twin.plot_split()


def test_lazy_scan_is_remembered():
    domains, scan, labels = mapped()
    signal = lazy(scan)
    kept = labels.ravel() >= 0
    own = DomainMap.from_scan(
        Scan.from_signal(signal).replace_masks(~kept, None),
        labels.ravel()[kept],
        domains.tree,
        provenance={},
    )
    expected = numpy_means(scan, labels)
    del signal, scan
    gc.collect()
    means = own.mean_patterns(**QUIET).data.reshape(N_DOMAINS, -1)
    np.testing.assert_allclose(means, expected)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda s: s.inav[:9], r"another scan.*\(12, 9\).*the map \(12, 10\)"),
        (lambda s: s.isig[1:, :], r"\(9, 10\).*map expects \(9, 11\)"),
        (lambda s: setattr(s.axes_manager[0], "scale", 2), "2 nm per.*map 0.5 nm"),
        (lambda s: setattr(s.axes_manager[1], "units", "um"), "1.5 um .*1.5 nm"),
        (lambda s: setattr(s.axes_manager[0], "offset", 3), "begins at 3.*at 0"),
        (lambda s: setattr(s.axes_manager["kx"], "scale", 9), "9 1/A.*with 2.5 1/A"),
        (lambda s: s.inav[0, 0], "no navigation axis"),
        (lambda s: s.as_signal2D((2, 3)) * 1j, "complex"),
    ],
)
def test_other_scans_are_refused(change, match):
    domains, scan, _ = mapped()
    other = scan.deepcopy()
    other = change(other) or other
    with pytest.raises((TypeError, ValueError), match=match):
        domains.mean_patterns(other)


@FORMS
def test_difference_patterns(form):
    domains, scan, labels = mapped(form)
    tree = domains.tree
    found = domains.difference_patterns(**QUIET)
    assert type(found) is type(scan)
    assert len(found.data) == len(tree) - 1
    rows = scan.data.reshape(labels.size, -1).astype(float)
    rows[:, domains._stored_map.excluded_pixels] = np.nan
    for number, difference in enumerate(found.data, start=1):
        part, whole = (
            rows[np.isin(labels.ravel(), tree.leaves(node))].mean(axis=0)
            for node in (number, tree.parent[number])
        )
        expected = part * np.nansum(whole) / np.nansum(part) - whole
        np.testing.assert_allclose(difference.ravel(), expected, atol=1e-9)
        assert np.nansum(difference) == pytest.approx(0, abs=1e-8)
    assert found.axes_manager[0].axis.tolist() == list(range(1, len(tree)))
    for node in np.flatnonzero(tree.label < 0):
        own = domains.difference_patterns(int(node), **QUIET)
        numbers = own.axes_manager[0].axis.astype(int)
        assert tuple(numbers) == tree.children(node)
        np.testing.assert_array_equal(own.data, found.data[numbers - 1])


def test_brightness_does_not_show():
    """Twice the counts of the same pattern are no difference."""
    domains, scan, labels = mapped(masks=False)
    scan.data[:] = (1 + labels)[..., None, None] * np.arange(1, 100).reshape(9, 11)
    assert np.abs(domains.difference_patterns(**QUIET).data).max() < 1e-9


@pytest.mark.parametrize(
    ("node", "error", "match"),
    [
        (99, ValueError, "node=99; the tree has 7 nodes"),
        (-1, ValueError, "at least 0"),
        (1.0, TypeError, "node must be an integer"),
        (6, ValueError, "node 6 was not split"),
    ],
)
def test_nodes_that_are_refused(node, error, match):
    domains, _, _ = mapped()
    for use in (domains.difference_patterns, domains.plot_split):
        with pytest.raises(error, match=match):
            use(node)


def test_single_domain():
    # The scan must live on to be read.
    domains, scan, _ = mapped()
    one = domains.at_level(0)
    assert one.n_domains == 1
    assert one.scan is scan
    with pytest.raises(ValueError, match="the scan was not split"):
        one.difference_patterns()
    assert len(one.mean_patterns(**QUIET).data) == 1


def assert_same_map(one, other):
    np.testing.assert_array_equal(one.data, other.data)
    assert str(one.axes_manager) == str(other.axes_manager)
    check_equal(one.metadata.as_dictionary(), other.metadata.as_dictionary())


def same_partition(one, other):
    """Whether two maps differ in their labels only."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return all(len(np.unique(p)) == pairs.shape[1] for p in pairs)


def check(domains, scan):
    """What every map must be, whatever was done to it."""
    labels = domains.labels
    sizes = np.bincount(labels[labels >= 0])
    np.testing.assert_array_equal(domains.sizes, sizes)
    np.testing.assert_array_equal(leaf_sizes(domains.tree), sizes)
    assert (np.diff(sizes) <= 0).all()
    assert (sizes > 0).all()
    pixels = domains._stored_map.excluded_pixels
    means = domains.mean_patterns(**QUIET).data.reshape(len(sizes), -1)
    expected = numpy_means(scan, labels, len(sizes))
    np.testing.assert_allclose(means[:, ~pixels], expected[:, ~pixels], rtol=1e-6)


@FORMS
@pytest.mark.parametrize("known", [False, True])
def test_edits(form, known, reads):
    domains, scan, labels = mapped(form)
    if known:
        domains.mean_patterns(**QUIET)
    before = domains.deepcopy()
    made = [domains.cut(n) for n in range(1, N_DOMAINS + 1)]
    made += [domains.at_level(n) for n in range(3)]
    made += [domains.merge([1, 3]), domains.merge([0, 1]), domains.merge([3, 0, 2])]
    n_reads = len(reads)
    for other in made:
        assert type(other) is DomainMap
        assert str(other.axes_manager) == str(domains.axes_manager)
        check(other, scan)
        np.testing.assert_array_equal(other.labels < 0, labels < 0)
    # Means follow from those of the finer map.
    assert len(reads) == n_reads + (0 if known else len(made))
    assert same_partition(made[3].labels, labels)
    assert same_partition(
        domains.merge([0, 1]).labels, np.where(labels == 1, 0, labels)
    )
    assert_same_map(domains, before)


@FORMS
def test_split(form):
    domains, scan, labels = mapped(form)
    by = np.indices(labels.shape)[0] % 3
    by.flat[5] = -1
    parted = domains.split(0, by)
    check(parted, scan)
    lost = (labels == 0) & (by < 0)
    assert lost.sum() == 1
    np.testing.assert_array_equal(parted.labels < 0, (labels < 0) | lost)
    expected = np.where(labels == 0, 10 + by, labels)
    assert same_partition(parted.labels, np.where(lost, -1, expected))
    assert parted.provenance["changes"] == ["split(0)"]
    assert "by hand" in {node.reason for node in parted.tree}
    # And back again.
    pieces = np.unique(parted.labels[(labels == 0) & ~lost])
    assert same_partition(parted.merge(pieces).labels, np.where(lost, -1, labels))


def test_split_by_another_map():
    domains, _, labels = mapped(masks=False)
    coarse = domains.merge([0, 1, 2])
    for by in (domains, domains.labels, domains.as_lazy(), labels.astype("uint8")):
        assert same_partition(coarse.split(0, by).labels, labels)
    halves = np.indices(labels.shape)[1] > 4
    assert domains.split(0, halves).n_domains == N_DOMAINS + 1


@pytest.mark.parametrize(
    ("use", "error", "match"),
    [
        (lambda m: m.split(9, m), ValueError, "label=9; expected 0 to 3"),
        (lambda m: m.split(-1, m), ValueError, "at least 0"),
        (lambda m: m.split(0, m), ValueError, r"does not part domain 0: it is \[0\]"),
        (lambda m: m.split(0, m.labels.T), ValueError, r"\(10, 12\).*\(12, 10\)"),
        (lambda m: m.split(0, m.labels * 1.0), TypeError, "float64"),
        (lambda m: m.isig[:5, :5].split(0, 1), ValueError, r"slice.*\(5, 5\)"),
        (lambda m: m.merge([0]), ValueError, r"\[0\]; expected two or more of 0 to 3"),
        (lambda m: m.merge([1, 1]), ValueError, "two or more"),
        (lambda m: m.merge([0, 4]), ValueError, "of 0 to 3"),
        (lambda m: m.merge([-1, 2]), ValueError, "of 0 to 3"),
        (lambda m: m.merge([0.0, 1.0]), TypeError, "list of domains"),
        (lambda m: m.merge(2), TypeError, "list of domains"),
        (lambda m: m.cut(0), ValueError, "at least 1"),
        (lambda m: m.cut(5), ValueError, "1 to 4"),
        (lambda m: m.at_level(-1), ValueError, "at least 0"),
        (lambda m: m.at_level(1.5), TypeError, "integer"),
    ],
)
def test_wrong_edits(use, error, match):
    with pytest.raises(error, match=match):
        use(mapped()[0])


def test_slices():
    domains, scan, labels = mapped()
    part = domains.isig[2:7, 1:5]
    assert type(part) is DomainMap
    np.testing.assert_array_equal(part.labels, labels[1:5, 2:7])
    assert part.sizes.sum() == (labels[1:5, 2:7] >= 0).sum()
    assert part.n_domains == N_DOMAINS
    with pytest.raises(ValueError, match=r"whole map.*\(12, 10\).*\(4, 5\)"):
        part.mean_patterns()
    assert part.merge([0, 1]).n_domains == N_DOMAINS - 1
    domains.mean_patterns(**QUIET)
    means = domains.isig[2:7, 1:5].mean_patterns()
    np.testing.assert_array_equal(means.data, domains.mean_patterns().data)
    row = domains.isig[:, 3]
    np.testing.assert_array_equal(row.data, labels[3])
    solid, _, labels = mapped("3-D navigation")
    np.testing.assert_array_equal(solid.inav[1].labels, labels[1])
    line, _, labels = mapped("1-D navigation")
    np.testing.assert_array_equal(line.isig[4:9, :].labels, labels[4:9])


def test_changed_labels_are_noticed():
    domains, scan, _ = mapped()
    domains.data[0, 0] = 3
    with pytest.raises(ValueError, match="labels were changed"):
        domains.mean_patterns(scan)


def test_mask_of_a_domain():
    domains, scan, labels = mapped()
    mask = domains.isig[:, :] != 2
    np.testing.assert_array_equal(mask.data, labels != 2)


def test_lazy_twin():
    domains, scan, labels = mapped()
    twin = domains.as_lazy()
    assert isinstance(twin, LazyDomainMap)
    np.testing.assert_array_equal(twin.labels, labels)
    check(twin, scan)
    check(twin.merge([0, 3]), scan)
    assert type(twin.cut(2)) is DomainMap
    twin.compute(show_progressbar=False)
    assert type(twin) is DomainMap
    check(twin, scan)


def test_failed_read_leaves_the_map(monkeypatch):
    domains, scan, _ = mapped()
    before = domains.deepcopy()

    def fail(*arguments, **keywords):
        raise RuntimeError("no such sector")

    monkeypatch.setattr(_domain_patterns, "label_means", fail)
    with pytest.raises(RuntimeError, match="no such sector"):
        domains.mean_patterns(scan, **QUIET)
    assert_same_map(domains, before)


def test_missing_metadata():
    domains, _, _ = mapped()
    del domains.metadata.Domain_map
    with pytest.raises(ValueError, match="Domain_map is missing.*cluster_hierarch"):
        _ = domains.tree
