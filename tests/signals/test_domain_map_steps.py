"""`DomainMap` keeps steps, places and refused splits: edits, slices, files, plots."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hyperspy.signals import Signal2D

from hyperspy_4dphase import DomainMap

from .domains import SHAPES, described, mapped

FORMS = pytest.mark.parametrize("form", SHAPES)
NAMES = "steps", "along", "refused"


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def check_maps(domains, expected):
    """Each map is that expected, with the axes of the map of domains."""
    for name in NAMES:
        found = getattr(domains, name)
        assert isinstance(found, Signal2D)
        assert (
            found.axes_manager.as_dictionary() == domains.axes_manager.as_dictionary()
        )
        np.testing.assert_array_equal(
            found.data.reshape(expected[name].shape), expected[name], err_msg=name
        )
        assert found.data.dtype == expected[name].dtype


@FORMS
def test_maps(form):
    domains, _, _, maps = described(form)
    check_maps(domains, maps)
    assert domains.steps.metadata.Signal.quantity == "Step / usual change"
    assert domains.steps.metadata.General.title == "Steps: Domains of planted"
    assert domains.along.metadata.General.title.startswith("Place in the domain")


@pytest.mark.parametrize(
    ("form", "extension", "lazy"),
    [
        ("1-D navigation", "hspy", False),
        ("1-D navigation", "zspy", True),
        ("2-D navigation", "hspy", True),
        ("3-D navigation", "zspy", True),
    ],
)
def test_reloaded(form, extension, lazy, tmp_path):
    domains, scan, labels, maps = described(form)
    domains.save(tmp_path / f"map.{extension}")
    loaded = hs.load(tmp_path / f"map.{extension}", lazy=lazy)
    check_maps(loaded, maps)
    assert loaded.continuum(0) == domains.continuum(0)
    # Slices of what was loaded, and saved again.
    part = loaded.isig[1:5, :]
    part.save(tmp_path / f"part.{extension}")
    again = hs.load(tmp_path / f"part.{extension}")
    x = slice(1, 5)
    check_maps(again, {name: values[..., x] for name, values in maps.items()})


def test_slices():
    domains, _, _, maps = described()
    part = domains.isig[2:7, 1:5]
    check_maps(part, {name: values[1:5, 2:7] for name, values in maps.items()})
    # In units of the axes, backwards, and of a slice.
    x, y = domains.axes_manager.signal_axes
    again = part.isig[float(x.axis[3]) :, ::-1]
    check_maps(again, {name: v[1:5, 3:7][::-1] for name, v in maps.items()})
    # Other signals are made of rows.
    np.testing.assert_array_equal(domains.isig[:, 3].data, domains.labels[3])
    # What was sliced stays as it was.
    check_maps(domains, maps)
    assert len(domains.isig) == x.size


def test_slices_of_a_stack():
    solid, _, _, maps = described("3-D navigation")
    check_maps(solid.inav[1], {name: values[1] for name, values in maps.items()})
    check_maps(solid.inav[1:], {name: values[1:] for name, values in maps.items()})
    both = solid.inav[2].isig[3:6, 2:]
    check_maps(both, {name: v[2, 2:, 3:6] for name, v in maps.items()})


def test_slice_into_another_map():
    domains, _, _, maps = described()
    out = domains.isig[:3, :4]
    assert domains.isig.__getitem__((slice(4, 7), slice(2, 6)), out=out) is None
    check_maps(out, {name: values[2:6, 4:7] for name, values in maps.items()})


def test_values_are_set_through_slices():
    domains, _, labels, _ = described()
    domains.isig[2:4, 1] = 3
    labels[1, 2:4] = 3
    np.testing.assert_array_equal(domains.labels, labels)


def test_cropped_map_says_so():
    domains, *_ = described()
    domains.crop("x", 2, 7)
    for name in NAMES:
        with pytest.raises(ValueError, match=f"{name!r}.*\\(12, 10\\).*\\(12, 5\\)"):
            getattr(domains, name)
    # Nor do edits of it fail.
    assert domains.merge([0, 1]).n_domains == 3


@FORMS
def test_merged_domains_forget(form):
    """Steps are of the scan; places and sides are of domains as they were."""
    domains, _, labels, maps = described(form)
    merged = domains.merge([0, 3])
    lost = np.isin(labels, [0, 3])
    maps["along"][lost], maps["refused"][lost] = np.nan, 0
    check_maps(merged, maps)
    own = next(n for n in merged.tree if n.label == merged.labels[labels == 0][0])
    assert np.isnan([own.n_directions, own.spread, own.refused]).all()
    with pytest.raises(ValueError, match="merged or split"):
        merged.continuum(own.label)
    kept = merged.labels[labels == 2][0]
    assert merged.continuum(kept) == domains.continuum(2)


def test_cuts_forget_what_they_join():
    domains, _, labels, maps = described()
    check_maps(domains.cut(4), maps)
    one = domains.cut(1)
    np.testing.assert_array_equal(one.steps.data, maps["steps"])
    assert np.isnan(one.along.data).all()
    assert not one.refused.data.any()
    coarse = domains.at_level(1)
    kept = [n.label for n in domains.tree if n.label >= 0 and n.level <= 1]
    np.testing.assert_array_equal(np.isfinite(coarse.along.data), np.isin(labels, kept))


def test_split_as_refused():
    domains, _, labels, maps = described()
    parted = domains.split(0, by=domains.refused)
    assert parted.n_domains == domains.n_domains + 1
    for side in (1, 2):
        assert len(np.unique(parted.labels[maps["refused"] == side])) == 1
    maps["along"][labels == 0], maps["refused"][labels == 0] = np.nan, 0
    check_maps(parted, maps)
    inner = [node for node in parted.tree if node.children]
    assert np.isnan([node.spread for node in inner]).all()


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
def test_files_of_earlier_versions(extension, tmp_path):
    """Without these maps, and without what the tree has of them."""
    domains, _, labels, _ = described()
    for name in NAMES:
        delattr(domains.metadata.Domain_map, name)
    for name in ("step", "n_directions", "spread", "refused"):
        delattr(domains.metadata.Domain_map.tree, name)
    domains.save(tmp_path / f"old.{extension}")
    for lazy in (False, True):
        old = hs.load(tmp_path / f"old.{extension}", lazy=lazy)
        np.testing.assert_array_equal(old.labels, labels)
        assert np.isnan(old.tree[1].step)
        for other in (old, old.isig[:5, :5], old.merge([0, 1])):
            check_unknown(other)


def check_unknown(domains):
    for name in NAMES:
        with pytest.raises(ValueError, match=f"{name!r} is not known.*earlier version"):
            getattr(domains, name)
    with pytest.raises(ValueError, match="steps.*is not known"):
        domains.plot_steps()
    with pytest.raises(ValueError, match="refused.*is not known"):
        domains.plot_refused()
    with pytest.raises(ValueError, match="domain 0 is a continuum is not known"):
        domains.continuum(0)
    with pytest.raises(ValueError, match="No domain.*known to be a continuum"):
        domains.plot_continuum()


def test_maps_without_positions():
    check_unknown(mapped()[0])


@FORMS
def test_plot_steps(form):
    domains, _, _, maps = described(form)
    ax = domains.plot_steps(title="mine")
    assert ax.get_title() == "mine"
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    if maps["steps"].ndim < 3:
        np.testing.assert_array_equal(shown, np.atleast_2d(maps["steps"]))
    (borders,) = ax.collections
    # Of a stack, each position shows what is most often there: the largest domain.
    assert bool(borders.get_segments()) == (maps["steps"].ndim < 3)
    assert ax.images[0].get_extent() == domains.plot().images[0].get_extent()
    part = domains.isig[2:6, :].plot_steps(ax=plt.figure().add_subplot())
    assert part.images[0].get_array().shape[-1] == 4


@FORMS
def test_plot_refused(form):
    domains, _, labels, maps = described(form)
    ax = domains.plot_refused(names=["core", "b", "c", "d"])
    found = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    for side in (1, 2):
        assert f"core, side {side}: {(maps['refused'] == side).sum()} (" in found
    assert "log p = -7.5" in found
    if labels.ndim == 2:
        shown = ax.images[0].get_array()
        np.testing.assert_array_equal(shown, maps["refused"].astype(int) - 1)


def test_nothing_was_refused():
    domains, *_ = described()
    with pytest.raises(ValueError, match="No split was refused in this map"):
        domains.merge([0, 1]).plot_refused()
    with pytest.raises(ValueError, match="No split was refused"):
        domains.isig[:, -2:].plot_refused()


def test_lazy_twin():
    domains, _, _, maps = described()
    twin = domains.as_lazy()
    check_maps(twin, maps)
    check_maps(twin.isig[1:4, :], {name: v[:, 1:4] for name, v in maps.items()})
    assert type(twin.cut(2)) is DomainMap
    check_maps(domains.deepcopy(), maps)
