"""The page of a scan: valid, self-contained, escaped, small, and whole."""

import base64
import re

import html5lib
import numpy as np
import pytest

from hyperspy_4dphase.report import write_page
from hyperspy_4dphase.report._page import make_page

from .summaries import UNKIND, summary

MOST_BYTES = 5_000_000


def parse(page):
    """The tree of a page; invalid HTML raises an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(page)


def text_of(page):
    return " ".join("".join(parse(page).itertext()).split())


@pytest.fixture(scope="module")
def page():
    return make_page(summary(), "1.2.3")


def test_valid(page):
    tree = parse(page)
    assert tree.get("lang") == "en"
    assert tree.find(".//meta[@name='viewport']") is not None
    assert [h.text for h in tree.iter("h1")] == [UNKIND]


def test_invalid_html_is_seen():
    with pytest.raises(html5lib.html5parser.ParseError):
        parse("<!DOCTYPE html><html><head><title>a</title></head><p>b</div></html>")


def test_nothing_is_loaded_and_nothing_runs(page):
    tree = parse(page)
    names = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not names & {"script", "link", "iframe", "object", "embed", "a", "base"}
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert not value.startswith(("http:", "https:", "//"))
    sources = [element.get("src") for element in tree.iter("img")]
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "url(" not in page
    assert "@import" not in page


def test_what_a_user_supplied_is_text(page):
    assert "<script" not in page
    assert UNKIND not in page
    # Title, heading, names, a warning, what is unresolved, and a record.
    assert page.count("&lt;script&gt;") > 5 + 5


def test_pictures_are_described(page):
    images = list(parse(page).iter("img"))
    assert all(image.get("alt") for image in images)
    # Domains, confidence, phases, orientations, doubts, and five patterns.
    assert len(images) == 10
    for image in images:
        data = base64.b64decode(image.get("src").split(",")[1])
        assert data.startswith(b"\x89PNG")
        width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
        assert (image.get("width"), image.get("height")) == (str(width), str(height))


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([0, 2], "Map of phases: a, c"),
        ([2, -1], "Map of phases: c, not indexed"),
        ([-1, -1], "Map of phases: not indexed"),
    ],
)
def test_the_map_of_phases_is_described_by_what_is_in_it(ids, expected):
    made = summary(2)
    phases = {
        "phase_ids": np.array(ids)[made.labels.clip(0)],
        "phase_names": ["a", "b", "c"],
        "phase_colors": np.eye(3),
    }
    images = parse(make_page(summary(2, **phases), "1")).iter("img")
    assert expected in [image.get("alt") for image in images]


def test_tables_say_what_is_known():
    found = text_of(make_page(summary(confidence=None, doubts={}), "1"))
    assert "mean confidence" not in found
    assert "It was not asked how sure positions are" in found
    made = summary()
    found = text_of(make_page(made, "1"))
    for row in made.rows:
        assert str(row.n_positions) in found
    assert "10.0, 20.0, 30.0" in found
    assert "0.900" in found
    assert f"{np.nanmean(made.confidence):.3f}" in found
    assert "faulty_pixels=3 left out" in found


def test_a_domain_that_is_named_as_its_class_is_told_once():
    made = summary(2)
    rows = [
        row._replace(name="amorphous", kind="amorphous", others=[], probability=1)
        for row in made.rows
    ]
    found = text_of(make_page(summary(2, rows=rows), "1"))
    assert "0, amorphous: " in found
    assert "amorphous, amorphous" not in found


def test_not_resolved():
    unknown = np.full((14, 19), np.nan)
    found = text_of(make_page(summary(confidence=unknown, doubts={}), "1"))
    assert "Not resolved" in found


def test_no_scan_no_patterns():
    found = text_of(make_page(summary(patterns=None), "1"))
    assert "The scan is not at hand" in found


@pytest.mark.parametrize(
    ("shape", "pattern"), [((60,), (40,)), ((3, 5, 7), (11, 9)), ((5, 7), (40,))]
)
def test_other_dimensions(shape, pattern):
    parse(make_page(summary(shape=shape, pattern=pattern, orientations=None), "1"))


def test_many_domains_of_noise_stay_below_the_limit():
    made = summary(130, (300, 280), (256, 240), spots=[None] * 130)
    page = make_page(made, "1")
    assert len(page.encode()) < MOST_BYTES
    assert "90 smallest domains are left out" in page
    # All of them are in the table.
    assert len(re.findall(r"<tr>", page)) == 131


def test_the_same_every_time(page):
    assert make_page(summary(), "1.2.3") == page


def test_the_style_of_the_session_does_not_matter(page):
    import matplotlib.style

    with matplotlib.style.context("dark_background"):
        assert make_page(summary(), "1.2.3") == page


def test_a_failure_leaves_the_old_file(page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(AttributeError):
        write_page(None, path, "1.2.3")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    write_page(summary(), path, "1.2.3")
    assert path.read_text(encoding="utf-8") == page
    assert list(tmp_path.iterdir()) == [path]
