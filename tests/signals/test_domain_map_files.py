"""`DomainMap` in files: reloaded whole, eager and lazy, without pickles."""

import json

import h5py
import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_4dphase import DomainMap
from hyperspy_4dphase.signals.domain_map import LazyDomainMap

from .domains import SHAPES, mapped, numpy_means
from .test_latent_embedding_files import check_equal

QUIET = {"show_progressbar": False}
FILES = pytest.mark.parametrize("extension", ["hspy", "zspy"])
LAZY = pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])


# Each form in both kinds of files, and both eager and lazy.
STORED = [
    (form, extension, lazy)
    for i, form in enumerate(SHAPES)
    for extension, lazy in (("hspy", i % 2 == 0), ("zspy", i % 2 == 1))
]


@pytest.mark.parametrize(("form", "extension", "lazy"), STORED)
def test_reloaded(form, extension, lazy, tmp_path):
    domains, scan, labels = mapped(form)
    means = domains.mean_patterns(scan, **QUIET)
    path = tmp_path / f"map.{extension}"
    domains.save(path)
    loaded = hs.load(path, lazy=lazy)
    assert type(loaded) is (LazyDomainMap if lazy else DomainMap)
    np.testing.assert_array_equal(loaded.labels, labels)
    assert str(loaded.axes_manager) == str(domains.axes_manager)
    assert loaded.metadata.General.title == "Domains of planted"
    check_equal(loaded.tree.to_arrays(), domains.tree.to_arrays())
    check_equal(loaded.provenance, domains.provenance)
    assert loaded.scan is None
    found = loaded.mean_patterns()
    assert type(found) is type(scan)
    np.testing.assert_array_equal(found.data, means.data)
    assert str(found.axes_manager) == str(means.axes_manager)
    for use in (
        lambda m: m.merge([0, 2]),
        lambda m: m.cut(2),
        lambda m: m.split(1, np.indices(labels.shape)[-1] % 2),
    ):
        one, other = use(loaded), use(domains)
        check_equal(one.tree.to_arrays(), other.tree.to_arrays())
        np.testing.assert_array_equal(one.data, other.data)


@FILES
@LAZY
def test_read_after_reloading(extension, lazy, tmp_path):
    domains, scan, labels = mapped()
    domains.merge([0, 3]).save(tmp_path / f"map.{extension}")
    loaded = hs.load(tmp_path / f"map.{extension}", lazy=lazy)
    assert loaded.provenance["changes"] == ["merge([0, 3])"]
    with pytest.raises(ValueError, match=r"mean_patterns\(signal\)"):
        loaded.mean_patterns()
    means = loaded.mean_patterns(scan, **QUIET).data.reshape(3, -1)
    expected = numpy_means(scan, loaded.labels, 3)
    kept = ~loaded._stored_map.excluded_pixels
    np.testing.assert_allclose(means[:, kept], expected[:, kept], rtol=1e-6)
    # Saved again, with what was read.
    loaded.save(tmp_path / f"again.{extension}")
    again = hs.load(tmp_path / f"again.{extension}").mean_patterns()
    np.testing.assert_array_equal(again.data.reshape(3, -1), means)


@FILES
def test_single_domain(extension, tmp_path):
    """Arrays of one entry."""
    domains = mapped()[0].at_level(0)
    domains.save(tmp_path / f"map.{extension}")
    loaded = hs.load(tmp_path / f"map.{extension}")
    check_equal(loaded.tree.to_arrays(), domains.tree.to_arrays())
    assert loaded.n_domains == 1


@FILES
def test_newer_version(extension, tmp_path):
    domains = mapped()[0]
    domains.metadata.Domain_map.version = 2
    domains.save(tmp_path / f"map.{extension}")
    loaded = hs.load(tmp_path / f"map.{extension}")
    with pytest.raises(ValueError, match="version 2.*up to version 1: update it"):
        _ = loaded.tree


def test_no_pickles(tmp_path):
    """Neither in HDF5 nor as opaque values in zarr."""
    domains, scan, _ = mapped()
    domains.mean_patterns(scan, **QUIET)
    domains.save(tmp_path / "map.hspy")
    domains.save(tmp_path / "map.zspy")
    kinds = []
    with h5py.File(tmp_path / "map.hspy") as file:
        file.visititems(lambda name, item: kinds.append(getattr(item, "dtype", None)))
    assert len([kind for kind in kinds if kind is not None]) > 10
    assert not any(k is not None and k.kind == "V" for k in kinds)
    for file in (tmp_path / "map.zspy").rglob(".zarray"):
        filters = json.loads(file.read_text())["filters"] or []
        assert "pickle" not in [f["id"] for f in filters]
