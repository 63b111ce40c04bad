"""Scans as NumPy's masked arrays: nothing is computed from what they hide."""

import dask.array as da
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase._masks import excluded_patterns, excluded_pixels
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.methods.compress import compress

from .conftest import NAVIGATION, SIGNAL, counts, lazy, planted

SETTINGS = {"random_state": 0, "show_progressbar": False}
PATTERNS, PIXELS = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
PATTERNS[2, 3:6] = PIXELS[4, 7] = PIXELS[1, :2] = True
KINDS = {
    "pixels": (None, PIXELS),
    "patterns": (PATTERNS, None),
    "both": (PATTERNS, PIXELS),
    "nothing": (None, None),
}
# A hot pixel, as it is under a mask.
HIDDEN = 60000


@pytest.fixture
def data():
    return counts(*planted())


def masked(data, patterns=None, pixels=None):
    """A masked array, and under the mask what would spoil everything."""
    mask = np.zeros(data.shape, bool)
    if patterns is not None:
        mask[patterns] = True
    if pixels is not None:
        mask[..., pixels] = True
    values = np.where(mask, HIDDEN, data).astype(data.dtype)
    return Diffraction2D(np.ma.masked_array(values, mask=mask))


def asked(signal, name, **keywords):
    """What a method makes of a scan, as arrays."""
    keywords |= SETTINGS
    if name == "compress":
        return [compress(signal, **keywords).reconstruct().data.compute()]
    if name == "decomposition_rnmf":
        signal.decomposition_rnmf(3, print_info=False, **keywords)
        results = signal.learning_results
        return [results.loadings, results.factors]
    if name == "convolutional":
        name, more = "vae_embed", {"epochs": 1, "architecture": name, "batch_size": 16}
    else:
        more = {
            "vae_embed": {"epochs": 1},
            "domain_confidence": {"n_maps": 3},
        }.get(name, {})
    result = getattr(signal, name)(**keywords, **more)
    return [result.data] + (
        [] if name == "vae_embed" else [result.mean_patterns(signal).data]
    )


METHODS = (
    "compress",
    "decomposition_rnmf",
    "cluster_hierarchical",
    "vae_embed",
    "convolutional",
    "domain_confidence",
)


# All methods with both masks, all masks in what all methods read, and each method with
# one more kind.
PAIRS = [
    *[(name, "both") for name in METHODS],
    *[("compress", kind) for kind in KINDS if kind != "both"],
    ("decomposition_rnmf", "pixels"),
    ("cluster_hierarchical", "patterns"),
    ("vae_embed", "nothing"),
    ("convolutional", "pixels"),
    ("domain_confidence", "patterns"),
]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_is_as_masks_given_apart(data, name, kind):
    patterns, pixels = KINDS[kind]
    found = asked(masked(data, patterns, pixels), name)
    expected = asked(
        Diffraction2D(data), name, navigation_mask=patterns, signal_mask=pixels
    )
    for one, other in zip(found, expected, strict=True):
        assert not isinstance(one, np.ma.MaskedArray)
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["pixels", "both"])
def test_joins_the_masks_given(data, kind):
    patterns, pixels = KINDS[kind]
    signal = masked(data, patterns, pixels)
    more_patterns, more_pixels = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    more_patterns[-1], more_pixels[:, 0] = True, True
    both = more_patterns if patterns is None else more_patterns | patterns
    np.testing.assert_array_equal(
        excluded_patterns(signal, more_patterns), both.ravel()
    )
    np.testing.assert_array_equal(
        excluded_pixels(signal, more_pixels), (more_pixels | pixels).ravel()
    )
    compression = compress(signal, more_patterns, more_pixels, **SETTINGS)
    compression.check_scan(signal, more_patterns, more_pixels)


def test_sources_keep_their_masks(data):
    signal = masked(data, *KINDS["both"])
    more = np.zeros(SIGNAL, bool)
    more[:, 0] = True
    embedding = signal.vae_embed(epochs=2, signal_mask=more, **SETTINGS)
    domains = signal.cluster_hierarchical(embedding, **SETTINGS)
    means = domains.mean_patterns(signal).data
    np.testing.assert_array_equal(np.isnan(means[0]), more | PIXELS)
    confidence = signal.domain_confidence(
        source=embedding, n_maps=3, n_rounds=2, **SETTINGS
    )
    means = confidence.mean_patterns(signal).data
    np.testing.assert_array_equal(np.isnan(means[0]), more | PIXELS)


@pytest.mark.parametrize("name", METHODS)
def test_other_masks_are_refused_before_reading(data, name, monkeypatch):
    signal = masked(data)
    signal.data[1, 2, 3, 4] = np.ma.masked
    monkeypatch.setattr(
        "hyperspy_4dphase._scan.PatternBlocks", lambda *_, **__: pytest.fail("read")
    )
    with pytest.raises(ValueError, match="1 of the values are masked.*np.ma.filled"):
        asked(signal, name)


@pytest.mark.parametrize("name", METHODS)
def test_masked_blocks_are_refused_before_reading(data, name, monkeypatch):
    signal = lazy(Diffraction2D(data))
    signal.data = da.ma.masked_greater(signal.data, 50)
    monkeypatch.setattr(
        "hyperspy_4dphase._scan.PatternBlocks", lambda *_, **__: pytest.fail("read")
    )
    with pytest.raises(ValueError, match="masked arrays in a dask array.*da.ma.filled"):
        asked(signal, name)


def test_the_way_out_of_masked_blocks(data):
    signal = lazy(masked(data, None, PIXELS))
    signal.data = da.ma.filled(signal.data, 0)
    found = compress(signal, signal_mask=PIXELS, **SETTINGS).reconstruct()
    expected = compress(Diffraction2D(data), signal_mask=PIXELS, **SETTINGS)
    np.testing.assert_allclose(
        found.data.compute(),
        expected.reconstruct().data.compute(),
        rtol=1e-4,
        atol=1e-3,
    )


def test_masked_blocks_in_disguise_are_refused(data):
    """The array says that its blocks are plain, and they are not."""
    signal = lazy(Diffraction2D(data))
    signal.data = signal.data.map_blocks(
        lambda block: np.ma.masked_greater(block, 50), meta=np.empty((0,) * 4, "uint16")
    )
    with pytest.raises(ValueError, match="turned out to be masked"):
        compress(signal, **SETTINGS)


def test_everything_masked_is_refused(data):
    with pytest.raises(ValueError, match="All values of the data are masked"):
        compress(masked(data, np.ones(NAVIGATION, bool)), **SETTINGS)
    signal = masked(data, PATTERNS)
    with pytest.raises(ValueError, match="mask of the data and navigation_mask"):
        compress(signal, ~PATTERNS, **SETTINGS)


def test_models_see_nothing_of_another_mask(data):
    """Pixels that the model was trained on, but which this scan masks."""
    scan = Diffraction2D(data)
    embedding = scan.vae_embed(epochs=1, **SETTINGS)
    with pytest.raises(ValueError, match="masked"):
        embedding.encode(masked(data, None, PIXELS))
    domains = scan.cluster_hierarchical(**SETTINGS)
    with pytest.raises(ValueError, match="masked"):
        domains.mean_patterns(masked(data, PATTERNS))


def test_a_mask_covered_by_others_is_nothing(data):
    signal = masked(data)
    signal.data[2, 3, 0, 0] = np.ma.masked
    blocks = Scan.from_signal(signal, flat_masks=(PATTERNS.ravel(), None)).blocks()
    total = blocks.reduce(lambda patterns, rows: patterns.sum(dtype=int), np.add)
    assert total == data[~PATTERNS].sum()
