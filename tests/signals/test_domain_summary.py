"""A map summed up: what its results say, where they fit, and files of it."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase import PhaseMapping
from hyperspy_4dphase.signals._confidence_report import describe_confidence
from hyperspy_4dphase.signals._phase_summary import summarize

from .confidences import confident
from .domains import N_DOMAINS, described, mapped, numpy_means
from .phases import named


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def answer(monkeypatch, *answers):
    """Answer what is asked; the questions."""
    answers, asked = list(answers), []

    def ask(question):
        asked.append(question)
        return answers.pop(0)

    monkeypatch.setattr("builtins.input", ask)
    return asked


def test_sizes_and_patterns():
    domains, scan, labels = mapped()
    found = summarize(domains)
    np.testing.assert_array_equal(found.labels, labels)
    sizes = np.bincount(labels[labels >= 0])
    assert [row.n_positions for row in found.rows] == sizes.tolist()
    np.testing.assert_allclose(
        [row.fraction for row in found.rows], sizes / labels.size
    )
    means = numpy_means(scan, labels).reshape(N_DOMAINS, 9, 11)
    np.testing.assert_allclose(
        np.where(np.isnan(found.patterns), means, found.patterns), means
    )
    assert np.isnan(found.patterns).sum() == 2 * N_DOMAINS
    assert all(np.isnan(row.mean_confidence) for row in found.rows)
    assert found.provenance["domains"]["method"] == "planted"


def test_confidence_of_each_domain():
    confidence, _, labels, ensemble = confident()
    domains = confidence.at_threshold(0)
    found = summarize(domains, confidence)
    own = ensemble.consensus_
    for k, row in enumerate(found.rows):
        expected = ensemble.confidence_[own == k]
        assert row.mean_confidence == pytest.approx(expected.mean(), rel=1e-5)
        assert row.sure == pytest.approx((expected >= 0.95).mean())
    assert set(found.doubts) == {"boundary", "noise"}
    np.testing.assert_allclose(found.confidence, confidence.data)


def test_where_maps_differ_it_is_the_probability_of_the_own_domain():
    confidence, _, labels, ensemble = confident(masks=False)
    domains = confidence.at_threshold(0).merge([2, 3])
    with pytest.raises(ValueError, match="confidence is of other domains"):
        summarize(domains, confidence)
    changed = confidence.deepcopy()
    stored = np.array(changed._stored.array("consensus", int))
    first = np.flatnonzero(stored == 1)[0]
    stored[first] = 0
    changed._stored.set("consensus", stored)
    found = summarize(confidence.at_threshold(0), changed)
    sure = ensemble.confidence_[ensemble.consensus_ == 1].copy()
    sure[0] = ensemble.posterior_[first, 1]
    assert found.rows[1].mean_confidence == pytest.approx(sure.mean(), rel=1e-5)


def test_what_is_not_told():
    domains, *_ = described()
    lines = summarize(domains).unresolved
    assert "How sure each position is was not asked for." in lines
    assert "3 of 120 positions have no domain: 3 masked or left out, 0 unassigned." in (
        lines
    )
    assert any(line.startswith("Within domains 0, 2 patterns") for line in lines)
    assert any("Not split: domain 0" in line for line in lines)
    lines = summarize(domains, classes=["unknown", *["vacuum"] * 3]).unresolved
    assert "No class can be told of domain 0." in lines
    lines = summarize(domains, classes=["unknown", "vacuum"] * 2).unresolved
    assert "No class can be told of domains 0, 2." in lines


def test_phases():
    _, phases, _ = named()
    found = summarize(phases.domains, phases=phases)
    report = phases.report()
    for row, known in zip(found.rows, report, strict=True):
        assert row.name == ("" if known.phase == "not indexed" else known.phase)
        assert row.kind == known.kind
        np.testing.assert_array_equal(row.euler, known.euler)
    np.testing.assert_array_equal(found.phase_ids, phases.phase_ids)
    shown = {tuple(color) for color in found.phase_colors}
    assert len(shown) == len(phases.names)
    assert set(found.point_groups) <= set(phases.names)
    assert any(len(spots.rows) for spots in found.spots if spots is not None)
    own = summarize(phases.domains, phases=phases, names=list("abcde"))
    assert [row.name for row in own.rows] == list("abcde")


def test_results_of_others_are_refused():
    domains, *_ = mapped()
    _, phases, _ = named()
    with pytest.raises(ValueError, match="phases are of other domains"):
        summarize(domains, phases=phases)
    with pytest.raises(ValueError, match="classes must be"):
        summarize(domains, classes=["vacuum"])
    with pytest.raises(ValueError, match="whole map"):
        summarize(domains.isig[:4, :4])


def test_figure():
    confidence, *_ = confident()
    figure = confidence.at_threshold(0).plot_phase_summary(confidence, title="mine")
    assert figure.get_suptitle() == "mine"
    assert any(ax.get_title() == "largest doubt" for ax in figure.axes)


def told(figure):
    """All that a figure says, in words."""
    parts = [figure, *figure.axes]
    return [t.get_text() for part in parts for t in part.findobj(plt.Text)]


def test_the_figure_of_a_confidence():
    confidence, *_ = confident()
    figure = confidence.plot_phase_summary(["mixed"] * N_DOMAINS, title="mine")
    expected = confidence.domains.plot_phase_summary(
        confidence, ["mixed"] * N_DOMAINS, title="mine"
    )
    assert told(figure) == told(expected)
    assert any("mixed" in text for text in told(figure))
    assert "largest doubt" in told(figure)
    given = plt.figure()
    assert confidence.plot_phase_summary(names=list("abcd"), fig=given) is given
    with pytest.raises(TypeError, match="phases must be a PhaseMap.*not int"):
        confidence.plot_phase_summary(phases=3)
    with pytest.raises(ValueError, match="whole"):
        confidence.isig[:4, :4].plot_phase_summary()


def test_the_figure_of_phases():
    s, phases, _ = named()
    figure = phases.plot_phase_summary(title="mine", signal=s)
    expected = phases.domains.plot_phase_summary(phases=phases, title="mine")
    assert told(figure) == told(expected)
    assert any("Si" in text for text in told(figure))
    others, *_ = confident()
    with pytest.raises(ValueError, match="confidence is of other domains"):
        phases.plot_phase_summary(others)
    with pytest.raises(ValueError, match="phases are of other domains|confidence is"):
        others.plot_phase_summary(phases=phases)
    with pytest.raises(ValueError, match="whole"):
        phases.isig[:4, :4].plot_phase_summary()


def test_a_file(tmp_path, monkeypatch):
    confidence, *_ = confident()
    domains = confidence.at_threshold(0)
    path = domains.to_html(str(tmp_path / "page"), confidence)
    assert path == tmp_path / "page.html"
    first = path.read_text(encoding="utf-8")
    assert f"mean confidence {np.nanmean(confidence.data):.3f}" in first
    assert domains.to_html(path, overwrite=False) is None
    asked = answer(monkeypatch, "maybe", "N")
    assert domains.to_html(path) is None
    assert len(asked) == 2
    assert str(path) in asked[0]
    assert path.read_text(encoding="utf-8") == first
    answer(monkeypatch, "y")
    assert domains.to_html(path) == path
    assert "It was not asked how sure" in path.read_text(encoding="utf-8")
    assert domains.to_html(path, confidence, overwrite=True) == path
    assert path.read_text(encoding="utf-8") == first
    assert plt.get_fignums() == []


def test_the_page_of_a_confidence(tmp_path):
    confidence, *_ = confident()
    page = confidence.to_html(tmp_path / "page").read_text(encoding="utf-8")
    path = confidence.domains.to_html(tmp_path / "other", confidence)
    assert page == path.read_text(encoding="utf-8")
    assert confidence.to_html(tmp_path / "page.html", overwrite=False) is None
    options = {"names": list("abcd"), "title": "mine", "overwrite": True}
    page = confidence.to_html(tmp_path / "page", ["mixed"] * 4, **options).read_text()
    assert "<h1>mine</h1>" in page
    assert "<td>mixed</td>" in page
    with pytest.raises(TypeError, match="phases must be a PhaseMap.*not int"):
        confidence.to_html(tmp_path / "third", phases=3)
    with pytest.raises(ValueError, match="whole"):
        confidence.isig[:4, :4].to_html(tmp_path / "third")
    assert not (tmp_path / "third.html").exists()


def test_the_page_of_phases(tmp_path):
    _, phases, _ = named()
    page = phases.to_html(tmp_path / "page").read_text(encoding="utf-8")
    path = phases.domains.to_html(tmp_path / "other", phases=phases)
    assert page == path.read_text(encoding="utf-8")
    assert "Map of phases: Al, Si, amorphous, not indexed" in page
    assert "Mean pattern of domain 0" in page
    others, *_ = confident()
    with pytest.raises(ValueError, match="confidence is of other domains"):
        phases.to_html(tmp_path / "third", others)
    with pytest.raises(ValueError, match="phases are of other domains|confidence is"):
        others.to_html(tmp_path / "third", phases=phases)
    with pytest.raises(ValueError, match="whole"):
        phases.isig[:4, :4].to_html(tmp_path / "third")
    phases.save(tmp_path / "phases.hspy")
    loaded = hs.load(tmp_path / "phases.hspy")
    again = loaded.to_html(tmp_path / "again").read_text(encoding="utf-8")
    assert "Map of phases: Al, Si, amorphous, not indexed" in again
    assert not (tmp_path / "third.html").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scan_0.5", "scan_0.5.html"),
        ("a.HTM", "a.HTM"),
        ("new/folder/a", "new/folder/a.html"),
    ],
)
def test_names_of_files(tmp_path, name, expected):
    path = mapped()[0].to_html(tmp_path / name)
    assert path == tmp_path / expected
    assert path.is_file()


def test_nobody_can_be_asked(tmp_path):
    domains, *_ = mapped()
    (tmp_path / "page.html").write_text("old")
    # pytest reads no input.
    with pytest.raises(FileExistsError, match="overwrite=True"):
        domains.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "old"
    with pytest.raises(TypeError, match="overwrite must be"):
        domains.to_html(tmp_path / "page.html", overwrite="yes")


@pytest.mark.parametrize("lazy", [False, True])
def test_reloaded_without_its_scan(tmp_path, lazy):
    domains, scan, _ = mapped()
    domains.save(tmp_path / "domains.hspy")
    page = domains.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Mean pattern of domain 0" in page
    loaded = hs.load(tmp_path / "domains.hspy", lazy=lazy)
    unread = loaded.to_html(tmp_path / "other.html").read_text(encoding="utf-8")
    assert "The scan is not at hand" in unread
    given = loaded.to_html(tmp_path / "third.html", signal=scan)
    assert given.read_text(encoding="utf-8") == page


def test_of_a_whole_mapping(tmp_path):
    _, phases, _ = named()
    mapping = PhaseMapping(None, phases.domains, phases=phases)
    page = mapping.to_html(tmp_path / "page.html", title="<i>mine</i>")
    found = page.read_text(encoding="utf-8")
    assert "&lt;i&gt;mine&lt;/i&gt;" in found
    assert "Map of phases: Al, Si, amorphous, not indexed" in found
    assert "Colours of directions in Si" in found
    assert mapping.plot_phase_summary(title="mine").get_suptitle() == "mine"
    assert mapping.to_html(page, overwrite=False) is None


@pytest.mark.parametrize("form", ["plot", "page"])
def test_wrong_types_are_refused(form, tmp_path):
    domains, *_ = mapped()

    def ask(**given):
        if form == "plot":
            return domains.plot_phase_summary(**given)
        return domains.to_html(tmp_path / "page.html", **given)

    for name, value, error, match in (
        ("confidence", 5, TypeError, "confidence must be a DomainConfidence.*not int"),
        ("confidence", domains, TypeError, "not DomainMap"),
        ("confidence", named()[1], TypeError, "not PhaseMap"),
        ("phases", "x", TypeError, "phases must be a PhaseMap.*not str"),
        ("classes", 5, TypeError, "classes must be what classify"),
        ("classes", ["metal"] * N_DOMAINS, ValueError, "'vacuum'.*'metal'"),
        ("classes", [[]] * N_DOMAINS, ValueError, "classes must be one of"),
        ("names", ["a"], ValueError, "names must be"),
        ("names", 5, TypeError, "names must be a list of texts"),
        ("names", [5] * N_DOMAINS, TypeError, "names must be a list of texts"),
    ):
        with pytest.raises(error, match=match):
            ask(**{name: value})
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_files(tmp_path):
    domains, *_ = mapped()
    (tmp_path / "base.py").write_text("x")
    for name, error, match in (
        (7, TypeError, "filename must be text.*7"),
        (None, TypeError, "filename must be text.*None"),
        (b"h", TypeError, "filename must be text.*b'h'"),
        ("", ValueError, "filename must name a file"),
        (tmp_path / "base.py" / "x", NotADirectoryError, "base.py is a file"),
        (tmp_path, IsADirectoryError, "is a folder"),
    ):
        with pytest.raises(error, match=match):
            domains.to_html(name)
    assert [path.name for path in tmp_path.iterdir()] == ["base.py"]


def test_a_lazy_confidence(tmp_path):
    confidence, *_ = confident()
    confidence.save(tmp_path / "confidence.hspy")
    loaded = hs.load(tmp_path / "confidence.hspy", lazy=True)
    pages = [
        found.domains.to_html(tmp_path / f"{i}.html", found).read_text(encoding="utf-8")
        for i, found in enumerate([confidence, loaded])
    ]
    mean = f"mean confidence {np.nanmean(confidence.data):.3f}"
    assert all(mean in page for page in pages)
    assert describe_confidence(loaded) == describe_confidence(confidence)


def test_linked_views_of_a_mapping():
    _, phases, _ = named()
    mapping = PhaseMapping(None, phases.domains, phases=phases)
    scan = mapping.domains.scan
    view = mapping.plot_linked(scan)
    view.outline(0)
    title = view.axes["map"].get_title()
    assert title == f"outlined: domain 0, {phases.report()[0].phase}"
    view = mapping.plot_linked(names=list("abcde"))
    view.outline(1)
    assert view.axes["map"].get_title() == "outlined: b"
