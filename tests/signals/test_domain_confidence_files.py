"""`DomainConfidence` in files: reloaded whole, eager and lazy, without pickles."""

import json

import dask.array as da
import h5py
import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.misc.utils import DictionaryTreeBrowser

from hyperspy_4dphase import DomainConfidence
from hyperspy_4dphase.signals.domain_confidence import LazyDomainConfidence

from .confidences import confident
from .domains import planted
from .test_latent_embedding_files import check_equal

QUIET = {"show_progressbar": False}
FILES = pytest.mark.parametrize("extension", ["hspy", "zspy"])


@pytest.fixture(scope="module")
def embedding():
    scan, _, excluded, pixels = planted()
    return scan.vae_embed(
        epochs=2,
        navigation_mask=excluded.reshape(12, 10),
        signal_mask=pixels.reshape(9, 11),
        random_state=0,
        device="cpu",
        **QUIET,
    )


def same_signal(one, other):
    np.testing.assert_array_equal(np.asarray(one.data), np.asarray(other.data))
    assert type(one) is type(other)
    assert str(one.axes_manager) == str(other.axes_manager)
    assert one.metadata.General.title == other.metadata.General.title


# Each form in both kinds of files, and both eager and lazy.
@pytest.mark.parametrize(
    ("form", "extension", "lazy"),
    [
        ("2-D navigation", "hspy", False),
        ("2-D navigation", "zspy", True),
        ("1-D of both", "hspy", True),
        ("1-D of both", "zspy", False),
        ("3-D navigation", "hspy", False),
        ("3-D navigation", "zspy", True),
    ],
)
def test_reloaded(form, extension, lazy, tmp_path):
    confidence, scan, labels, _ = confident(form)
    means = confidence.mean_patterns(**QUIET)
    path = tmp_path / f"confidence.{extension}"
    confidence.save(path)
    loaded = hs.load(path, lazy=lazy)
    assert type(loaded) is (LazyDomainConfidence if lazy else DomainConfidence)
    assert str(loaded.axes_manager) == str(confidence.axes_manager).replace(
        "DomainConfidence", type(loaded).__name__
    )
    np.testing.assert_array_equal(np.asarray(loaded.data), confidence.data)
    for name in ("domains", "posterior", "overlap", "sample_weight"):
        same_signal(getattr(loaded, name), getattr(confidence, name))
    assert list(loaded.doubts) == list(confidence.doubts)
    for name, doubt in confidence.doubts.items():
        same_signal(loaded.doubts[name], doubt)
    same_signal(loaded.at_threshold(0.9), confidence.at_threshold(0.9))
    check_equal(loaded.rounds, confidence.rounds)
    check_equal(loaded.provenance, confidence.provenance)
    check_equal(loaded.domains.tree.to_arrays(), confidence.domains.tree.to_arrays())
    assert loaded.n_effective == 7.25
    assert loaded.threshold == confidence.threshold
    assert loaded.embedding is None
    assert loaded.scan is None
    same_signal(loaded.mean_patterns(), means)
    truth = np.where(labels == 2, 0, labels)
    check_equal(loaded.reliability(truth), confidence.reliability(truth))


@pytest.mark.parametrize(("extension", "lazy"), [("hspy", False), ("zspy", True)])
def test_embedding(embedding, extension, lazy, tmp_path):
    confidence, *_ = confident(embedding=embedding)
    same_signal(confidence.embedding, embedding)
    confidence.save(tmp_path / f"confidence.{extension}")
    loaded = hs.load(tmp_path / f"confidence.{extension}", lazy=lazy).embedding
    same_signal(loaded, embedding)
    check_equal(loaded.provenance, embedding.provenance)
    np.testing.assert_array_equal(loaded.loss, embedding.loss)
    points = [[0.1, -0.7], [0.4, 0.2]]
    same_signal(loaded.decode(points), embedding.decode(points))
    # And is an embedding like any other.
    loaded.save(tmp_path / f"embedding.{extension}")
    same_signal(hs.load(tmp_path / f"embedding.{extension}"), embedding)


@pytest.mark.parametrize(("extension", "lazy"), [("hspy", True), ("zspy", False)])
def test_read_after_reloading(extension, lazy, tmp_path):
    confidence, scan, *_ = confident()
    confidence.save(tmp_path / f"confidence.{extension}")
    loaded = hs.load(tmp_path / f"confidence.{extension}", lazy=lazy)
    with pytest.raises(ValueError, match=r"mean_patterns\(signal\)"):
        loaded.mean_patterns()
    means = loaded.mean_patterns(scan, **QUIET)
    same_signal(means, confidence.mean_patterns(**QUIET))
    loaded.save(tmp_path / f"again.{extension}")
    same_signal(hs.load(tmp_path / f"again.{extension}").mean_patterns(), means)


@FILES
def test_threshold_reads_the_tree_once_and_no_patterns(extension, tmp_path):
    confidence, *_ = confident()
    confidence.mean_patterns(**QUIET)
    confidence.save(tmp_path / f"confidence.{extension}")
    loaded = hs.load(tmp_path / f"confidence.{extension}", lazy=True)
    stored, read = loaded._stored_map, []

    def watch(node, path):
        for name, item in list(node):
            if isinstance(item, DictionaryTreeBrowser):
                watch(item, f"{path}.{name}")
            elif isinstance(item, da.Array):

                def note(block, name=f"{path}.{name}"):
                    read.append(name)
                    return block

                node[name] = item.map_blocks(note, dtype=item.dtype, meta=item._meta)

    watch(loaded.metadata.Domain_map, "")
    sure = loaded.at_threshold(0.9)
    of_tree = [name for name in read if name.startswith(".tree.")]
    assert len(of_tree) == len(set(of_tree)) > 0
    assert not {".mean_patterns", ".variances"} & set(read)
    same_signal(sure, confidence.at_threshold(0.9))
    # What the map of the confidence itself needs is read.
    assert loaded.domains._stored_map.get("mean_patterns") is not None
    assert ".mean_patterns" in read
    check_equal(stored.to_dict(), confidence._stored_map.to_dict())


@FILES
def test_newer_version(extension, tmp_path):
    confidence, *_ = confident()
    confidence.metadata.Domain_confidence.version = 2
    confidence.save(tmp_path / f"confidence.{extension}")
    loaded = hs.load(tmp_path / f"confidence.{extension}")
    with pytest.raises(ValueError, match="version 2.*up to version 1: update it"):
        _ = loaded.domains


def test_no_pickles(embedding, tmp_path):
    """Neither in HDF5 nor as opaque values in zarr."""
    confidence, *_ = confident(embedding=embedding)
    confidence.mean_patterns(**QUIET)
    confidence.save(tmp_path / "confidence.hspy")
    confidence.save(tmp_path / "confidence.zspy")
    kinds = []
    with h5py.File(tmp_path / "confidence.hspy") as file:
        file.visititems(lambda name, item: kinds.append(getattr(item, "dtype", None)))
    assert len([kind for kind in kinds if kind is not None]) > 20
    assert not any(k is not None and k.kind == "V" for k in kinds)
    for file in (tmp_path / "confidence.zspy").rglob(".zarray"):
        filters = json.loads(file.read_text())["filters"] or []
        assert "pickle" not in [f["id"] for f in filters]


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
def test_doubts_keep_their_order(tmp_path, extension):
    confidence = confident()[0]
    names = "boundary", "noise", "resampling", "kinds", "domain", "unresolved", "misfit"
    one = confidence._stored.get("doubts")["noise"]
    doubts = dict.fromkeys(reversed(names), one)
    confidence.metadata.set_item("Domain_confidence.doubts", doubts)
    confidence.save(tmp_path / f"confidence.{extension}")
    for made in (confidence, hs.load(tmp_path / f"confidence.{extension}")):
        assert tuple(made.doubts) == names
