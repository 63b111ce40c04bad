"""Maps whose scan was rewritten or changed since: told, not read as if nothing was."""

import warnings

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import Compression, DomainMap, LatentEmbedding, compress
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.domains import flat_tree
from hyperspy_4dphase.methods._given_domains import read_domains
from hyperspy_4dphase.methods._sources import read_features
from hyperspy_4dphase.signals._scan_reference import ScanReference

QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}
READ = {"show_progressbar": False}
NAVIGATION, SIGNAL = (15, 20), (12, 12)
FORMATS = ("blo", "npy", "hspy", "zspy")


def counts(seed=0, dose=5.0):
    """Three domains; others, in other places, by another seed."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [60, 100, 140])
    patterns = rng.gamma(0.4, dose, (3, *SIGNAL)) + 0.2
    images = rng.poisson(patterns[rng.permutation(labels) if seed else labels])
    return np.minimum(images, 255).reshape(*NAVIGATION, *SIGNAL).astype("u1")


def signal_of(data):
    signal = Diffraction2D(data)
    for axis in signal.axes_manager.signal_axes:
        # As blockfiles want it.
        axis.units = "cm"
    return signal


def write(path, data):
    if path.suffix == ".npy":
        np.save(path, data)
    else:
        signal_of(data).save(path, overwrite=True)


def load(path):
    signal = hs.load(path, lazy=True)
    if path.suffix == ".npy":
        signal = signal.transpose(signal_axes=2)
        signal.set_signal_type("diffraction")
    return signal


MAKERS = {
    "map": lambda s: s.cluster_hierarchical(**QUIET),
    "confidence": lambda s: s.domain_confidence(n_maps=2, **QUIET),
}


@pytest.mark.parametrize(
    ("extension", "kind"),
    [("blo", "map"), ("npy", "map"), ("npy", "confidence"), ("zspy", "map")],
)
def test_a_file_written_again_is_refused(tmp_path, extension, kind):
    make = MAKERS[kind]
    path = tmp_path / f"scan.{extension}"
    write(path, counts())
    result = make(load(path))
    write(path, counts(1))
    with pytest.raises(ValueError, match=f"'scan.{extension}'.*was written again"):
        result.mean_patterns(**READ)
    # Not kept by mistake, either.
    with pytest.raises(ValueError, match="written again"):
        result.mean_patterns(**READ)
    with pytest.raises(ValueError, match="written again"):
        result.deepcopy().mean_patterns(**READ)


@pytest.mark.parametrize("extension", FORMATS)
def test_a_file_as_it_was_is_read(tmp_path, extension):
    path = tmp_path / f"scan.{extension}"
    data = counts()
    write(path, data)
    signal = load(path)
    domains = signal.cluster_hierarchical(**QUIET)
    means = domains.mean_patterns(**READ)
    expected = [data[domains.labels == i].mean(axis=0) for i in range(3)]
    np.testing.assert_allclose(means.data, expected)
    np.testing.assert_array_equal(domains.mean_patterns().data, means.data)
    if extension == "hspy":
        signal.close_file()


def test_what_is_read_before_needs_no_file(tmp_path):
    path = tmp_path / "scan.npy"
    write(path, counts())
    domains = load(path).cluster_hierarchical(**QUIET)
    means = domains.mean_patterns(**READ)
    write(path, counts(1))
    np.testing.assert_array_equal(domains.mean_patterns().data, means.data)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
class TestValues:
    """Where no file tells."""

    @pytest.fixture
    def scan(self):
        return signal_of(counts())

    def test_the_same_scan(self, scan, make):
        result = make(scan)
        for twin in (scan, scan.deepcopy(), scan.as_lazy()):
            # Means that are known already would be given without a look at the scan.
            result.deepcopy().mean_patterns(twin, **READ)
        result.mean_patterns(**READ)

    def test_changed_in_place(self, scan, make):
        result = make(scan)
        for change in (
            lambda data: data[::-1].copy(),
            lambda data: np.roll(data, 3, axis=-1),
            lambda data: data // 2,
        ):
            scan.data = change(counts())
            with pytest.raises(ValueError, match="not those that this map was made of"):
                result.deepcopy().mean_patterns(**READ)
        scan.data = counts()
        result.deepcopy().mean_patterns(**READ)

    def test_another_scan_given(self, scan, make, tmp_path):
        make(scan).save(tmp_path / "result.hspy")
        for other, is_other in ((counts(), False), (counts(1), True)):
            loaded = hs.load(tmp_path / "result.hspy")
            if not is_other:
                loaded.mean_patterns(signal_of(other), **READ)
                continue
            with pytest.warns(UserWarning, match="not those that this map was made of"):
                means = loaded.mean_patterns(signal_of(other), **READ)
            assert np.isfinite(means.data).all()


def test_merged_domains_are_known_again():
    scan = signal_of(counts())
    domains = scan.cluster_hierarchical(**QUIET)
    for changed in (domains.merge([0, 2]), domains.at_level(0)):
        changed.mean_patterns(scan, **READ)
        with pytest.warns(UserWarning, match="not those"):
            changed.mean_patterns(signal_of(counts(1)), **READ)
    parts = domains.split(0, np.indices(NAVIGATION)[0] % 2)
    parts.mean_patterns(scan, **READ)


CHANGES = {
    "multiples": lambda x: x * 30,
    "camera": lambda x: 12 * x + 50 + np.random.default_rng(2).normal(0, 4, x.shape),
    "background subtracted": lambda x: x - x.mean(axis=(0, 1)),
}


@pytest.mark.parametrize(
    ("kind", "poissonian"),
    [
        ("multiples", None),
        ("camera", None),
        ("background subtracted", None),
        ("camera", False),
    ],
)
def test_other_kinds_of_values(kind, poissonian):
    scan = signal_of(CHANGES[kind](counts().astype(float)))
    settings = {"normalize_poissonian_noise": poissonian, **QUIET}
    domains = scan.cluster_hierarchical(n_domains=3, **settings)
    domains.mean_patterns(scan, **READ)
    again = domains.deepcopy()
    again.metadata.set_item("Domain_map.mean_patterns", None)
    scan.data = scan.data[::-1].copy()
    with pytest.raises(ValueError, match="not those"):
        again.mean_patterns(**READ)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_means_of_another_scan_are_not_remembered(make):
    scan = signal_of(counts())
    result = make(scan)
    own = result.mean_patterns(**READ).data
    with pytest.warns(UserWarning, match="not those that this map was made of"):
        other = result.mean_patterns(signal_of(counts(1)), **READ).data
    assert np.abs(other - own).max() > 0.5
    np.testing.assert_array_equal(result.mean_patterns(**READ).data, own)


def low_dose(seed):
    """Five electrons a pattern: one mean pattern, in which few directions show."""
    rng = np.random.default_rng(7)
    patterns = rng.gamma(0.4, 1, (3, *SIGNAL))
    patterns *= 5 / patterns.sum(axis=(1, 2), keepdims=True)
    labels = np.repeat([0, 1, 2], [60, 100, 140]).reshape(NAVIGATION)
    counts = np.random.default_rng(seed).poisson(patterns[labels]).astype("u1")
    return signal_of(counts), labels


def mapped(scan, labels):
    """A map of known labels, with what the compressed scan tells."""
    compression = compress(scan, random_state=0, print_info=False, **READ)
    kept = Scan.from_signal(scan).replace_masks(
        compression.excluded_patterns, compression.excluded_pixels
    )
    labels = labels.ravel()[kept.kept_patterns]
    tree = flat_tree(np.bincount(labels))
    return DomainMap.from_scan(kept, labels, tree, {}, compression), compression


def test_few_electrons_are_enough_to_know_a_scan():
    scan, labels = low_dose(0)
    domains, _ = mapped(scan, labels)
    again = domains.deepcopy()
    domains.mean_patterns(**READ)
    again.mean_patterns(scan.as_lazy(), **READ)
    for step in (
        lambda d: d.merge([0, 1]),
        lambda d: d.split(0, np.indices(NAVIGATION)[1] % 2),
    ):
        changed = step(again.deepcopy())
        changed.metadata.set_item("Domain_map.mean_patterns", None)
        changed.mean_patterns(scan, **READ)
        with pytest.warns(UserWarning, match="not those that this map was made of"):
            changed.mean_patterns(low_dose(1)[0], **READ)


def test_a_reloaded_compression_is_not_of_another_scan(tmp_path):
    scan, labels = low_dose(0)
    _, compression = mapped(scan, labels)
    compression.save(tmp_path / "compression.npz")
    loaded = Compression.load(tmp_path / "compression.npz")
    other = low_dose(1)[0]
    for lazy in (False, True):
        loaded.check_scan(scan.as_lazy() if lazy else scan)
        with pytest.raises(ValueError, match="compression is of another scan"):
            loaded.check_scan(other.as_lazy() if lazy else other)
    with pytest.raises(ValueError, match="compression is of another scan"):
        other.cluster_hierarchical(compression=loaded, **QUIET)


def test_a_reloaded_map_of_another_scan_is_told(tmp_path):
    scan, labels = low_dose(0)
    domains, compression = mapped(scan, labels)
    domains.save(tmp_path / "map.hspy")
    loaded = hs.load(tmp_path / "map.hspy")
    other = low_dose(1)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_domains(Scan.from_signal(scan), loaded)
        # Labels alone are of no scan.
        read_domains(Scan.from_signal(other), loaded.labels)
    with pytest.warns(UserWarning, match="domains was made of other patterns"):
        read_domains(Scan.from_signal(other), loaded)


def test_an_embedding_of_another_scan_is_told():
    scan, labels = low_dose(0)
    _, compression = mapped(scan, labels)
    points = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    own = LatentEmbedding.from_scan(Scan.from_signal(scan), points, {}, compression)
    other = low_dose(1)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_features(Scan.from_signal(scan), own)
    with pytest.warns(UserWarning, match="source was made of other patterns"):
        read_features(Scan.from_signal(other), own)


def test_a_lazy_scan_that_is_remembered_need_not_be_looked_at(tmp_path):
    path = tmp_path / "scan.npy"
    write(path, counts())
    signal, other = load(path), load(path)
    reference = ScanReference(signal)
    assert reference.is_certainly(signal)
    assert not reference.is_certainly(other)
    assert not ScanReference(signal_of(counts())).is_certainly(signal)
    write(path, counts(1))
    assert not reference.is_certainly(signal)
