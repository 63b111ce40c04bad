"""The page of a scan: maps, patterns, how sure they are, and what is not told."""

from math import isfinite
from pathlib import Path

import numpy as np
from matplotlib.colors import to_hex

from hyperspy_4dphase.plot._layout import format_percent
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._pattern import format_count
from hyperspy_4dphase.report import _figures as figures
from hyperspy_4dphase.report._html import element, items, record, table, text
from hyperspy_4dphase.report._style import CSS

# Rows of the table of domains.
_MOST_ROWS = 300
# Nothing is loaded from anywhere, whatever a title or a name may hold.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_page(summary, path, version):
    """Write what was found in a scan as one HTML file.

    Parameters
    ----------
    summary : PhaseSummary
    path : pathlib.Path
        It is replaced if it is there; after a failure it is as it was.
    version : str
        Of this package.

    See Also
    --------
    hyperspy_4dphase.PhaseMapping.to_html : For users.

    Examples
    --------
    >>> import tempfile
    >>> from hyperspy_4dphase import __version__
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.signals._phase_summary import summarize
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "scan.html"
    ...     write_page(summarize(domains), path, __version__)
    ...     page = path.read_text(encoding="utf-8")
    >>> "<title>Domains of Oxide bilayer</title>" in page
    True
    """
    page = make_page(summary, version)
    path = Path(path)
    # In the same folder, so that it is put in place at once.
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def make_page(summary, version):
    """Make the page.

    Parameters
    ----------
    summary : PhaseSummary
    version : str

    Returns
    -------
    str
    """
    head = [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f'<meta name="generator" content="hyperspy-4dphase {text(version)}">',
        element("title", text(summary.title)),
        f"<style>{CSS}</style>",
    ]
    sections = [
        _header(summary),
        _section("Maps", _maps(summary)),
        _section("Domains", _domain_table(summary)),
        _section("Mean patterns", _patterns(summary)),
        _section("How sure it is", _certainty(summary)),
        _section("What could not be told", _unresolved(summary)),
        _section("How it was made", _provenance(summary, version)),
    ]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            element("head", "\n", "\n".join(head), "\n"),
            element("body", "\n", element("main", "\n".join(sections)), "\n"),
            "</html>\n",
        ]
    )


def _section(title, content):
    return element("section", element("h2", title), "\n", content)


def _header(summary):
    shape = " × ".join(map(str, summary.labels.shape[::-1]))
    n = len(summary.rows)
    told = [
        f"{format_count(summary.labels.size)} probe positions ({shape})",
        "1 domain" if n == 1 else f"{n} domains",
    ]
    if summary.is_resolved:
        told.append(f"mean confidence {np.nanmean(summary.confidence):.3f}")
    if summary.phase_ids is not None:
        present = np.unique(summary.phase_ids)
        named = [summary.phase_names[i] for i in present if i >= 0]
        told.append(f"phases: {', '.join(named) or 'none named'}")
    parts = [
        element("h1", text(summary.title)),
        element("p", text("; ".join(told)), ".", class_="lead"),
    ]
    if summary.warnings:
        said = element("p", "The data may mislead:"), items(summary.warnings)
        parts.append(element("div", *said, class_="beware"))
    return element("header", "\n".join(parts))


def _maps(summary):
    shown = [
        _figure(
            figures.domain_image(summary),
            "Domains, in the colours of the table below. Grey is unassigned or masked.",
        )
    ]
    if summary.confidence is not None:
        caption = "How surely each position is of its domain; lines are borders."
        if not summary.is_resolved:
            caption = "The confidence could not be told."
        shown.append(_figure(figures.confidence_image(summary), caption))
    if summary.phase_ids is not None:
        legend = _phase_legend(summary)
        picture = figures.phase_image(summary)
        shown.append(_figure(picture, "Phases, in colours of their own.", legend))
        if summary.orientations is not None and summary.phase_ids.ndim < 3:
            picture = figures.orientation_image(summary)
            caption = (
                "Orientations: colours of the inverse pole figure of each phase, "
                "along the beam."
            )
            shown.append(_figure(picture, caption))
        keys = [
            _figure(figures.key_image(phase, point_group), phase)
            for phase, point_group in summary.point_groups.items()
        ]
        if keys:
            shown.append(element("div", *keys, class_="keys"))
    return element("div", *shown, class_="maps")


def _phase_legend(summary):
    sizes = np.bincount(
        summary.phase_ids.ravel() + 1, minlength=len(summary.phase_names) + 1
    )
    named = zip(
        [*summary.phase_names, "not indexed"],
        [*summary.phase_colors, UNASSIGNED],
        [*sizes[1:], sizes[0]],
        strict=True,
    )
    entries = []
    for name, color, size in named:
        if size:
            share = format_percent(size / summary.phase_ids.size)
            entries.append(element("li", _chip(color), text(f"{name}: {share}")))
    return element("ul", *entries, class_="legend")


def _domain_table(summary):
    header = ["domain", "positions", "share"]
    with_kind = any(row.kind for row in summary.rows)
    with_name = any(row.name for row in summary.rows)
    with_phase = summary.phase_ids is not None
    header += ["class"] * with_kind + ["name"] * with_name
    header += ["probability", "Euler angles (°)"] * with_phase
    header += ["mean confidence", "sure positions"] * (summary.confidence is not None)
    colors = domain_colors(len(summary.rows))
    rows = []
    for row in summary.rows[:_MOST_ROWS]:
        share = format_percent(row.fraction)
        bar = element("span", class_="bar", style=f"width:{6 * row.fraction:.2f}rem")
        cells = [_chip(colors[row.label]) + str(row.label)]
        cells += [format_count(row.n_positions), text(share) + bar]
        cells += [text(row.kind or "—")] * with_kind
        cells += [element("span", text(_name(row)), class_="name")] * with_name
        if with_phase:
            cells += [_number(row.probability), text(_angles(row.euler))]
        if summary.confidence is not None:
            cells += [_number(row.mean_confidence, "{:.3f}"), _percent(row.sure)]
        rows.append(cells)
    caption = "Mean confidence: probability that a position of the domain is of it. "
    caption += "Sure positions: share for which it is at least 95 %."
    if summary.confidence is None:
        caption = "Domains are numbered by size."
    found = table(header, rows, caption)
    n_more = len(summary.rows) - len(rows)
    if n_more:
        found += element("p", f"… and {n_more} more domains.", class_="quiet")
    return found


def _patterns(summary):
    if summary.patterns is None:
        return element(
            "p",
            "The scan is not at hand, so that there are no patterns to show: "
            "give it as signal.",
        )
    order = sorted(summary.rows, key=lambda row: -row.n_positions)
    shown, cards = order[: figures.MOST_PATTERNS], []
    for row in shown:
        what = [f"{row.label}", _name(row) if row.name else "", row.kind]
        # Amorphous domains are of the phase of that name.
        caption = ", ".join(dict.fromkeys(part for part in what if part))
        caption = f"{caption}: {format_percent(row.fraction)}"
        if isfinite(row.mean_confidence):
            caption += f", confidence {row.mean_confidence:.3f}"
        cards.append(_figure(figures.pattern_image(summary, row.label), caption))
    said = "Intensities are raised to the power of 0.3, each pattern on its own scale."
    if any(spots is not None for spots in summary.spots):
        said += (
            " Circles are the spots of the structure that the domain is named after."
        )
    n_more = len(order) - len(shown)
    if n_more:
        said += f" The {n_more} smallest domains are left out."
    note = element("p", said, class_="quiet")
    return note + element("div", *cards, class_="patterns")


def _certainty(summary):
    if summary.confidence is None:
        return element(
            "p",
            "It was not asked how sure positions are: s.domain_confidence(domains) "
            "tells, and map_phases() unless confidence=False.",
        )
    if not summary.is_resolved:
        return element("p", "Not resolved: the confidence is unknown everywhere.")
    values = summary.confidence[np.isfinite(summary.confidence)]
    sure = format_percent((values >= 0.95).mean())
    weakest = min(
        (row for row in summary.rows if isfinite(row.mean_confidence)),
        key=lambda row: row.mean_confidence,
    )
    said = element(
        "p",
        text(
            f"{sure} of the positions are sure to 95 % or more. The least sure domain "
            f"is {weakest.label}, with a mean of {weakest.mean_confidence:.3f}."
        ),
    )
    if not summary.doubts:
        return said
    caption = "Where doubts come from, and which is the largest."
    return said + _figure(figures.doubts_image(summary), caption)


def _unresolved(summary):
    if not summary.unresolved:
        return element("p", "Nothing was left open.")
    return items(summary.unresolved)


def _provenance(summary, version):
    parts = []
    if summary.data:
        parts += [element("p", "Values left out or replaced:"), items(summary.data)]
    for name, made in summary.provenance.items():
        inner = element("summary", text(name.capitalize())), record(made)
        parts.append(element("details", *inner))
    end = f"Written by hyperspy-4dphase {version}."
    return "\n".join([*parts, element("p", text(end), class_="quiet")])


def _figure(picture, caption, more=""):
    return element("figure", picture, element("figcaption", text(caption), more))


def _chip(color):
    return element("span", class_="chip", style=f"background:{to_hex(color)}")


def _name(row):
    if not row.name:
        return "—"
    return " or ".join([row.name, *row.others])


def _number(value, form="{:.2f}"):
    return form.format(value) if isfinite(value) else "—"


def _percent(value):
    return text(format_percent(value)) if isfinite(value) else "—"


def _angles(euler):
    if not isfinite(euler[0]):
        return "—"
    return ", ".join(f"{angle:.1f}" for angle in euler)
