"""Pieces of HTML. Every text goes through :func:`text`, which escapes it."""

from collections.abc import Mapping
from html import escape

import numpy as np

# Arrays of a record that are longer are told by their size.
_MOST_VALUES = 12


def text(value):
    """Write anything as text in a page, whatever signs it holds."""
    return escape(str(value), quote=True)


def element(name, *content, **attributes):
    """Write an element.

    Parameters
    ----------
    name : str
    *content : str
        HTML: what comes of a user is to be escaped by :func:`text` first.
    **attributes
        Their values are escaped here. ``class_`` stands for ``class``.

    Returns
    -------
    str
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{''.join(content)}</{name}>"


def items(texts, **attributes):
    """Write texts, which are escaped, as a list."""
    lines = [element("li", text(line)) for line in texts]
    return element("ul", *lines, **attributes)


def table(header, rows, caption):
    """Write a table that scrolls by itself where it is wider than the page.

    Parameters
    ----------
    header : sequence of str
        Texts, which are escaped.
    rows : sequence of sequence of str
        HTML. The first of each is the head of its row.
    caption : str
        A text, which is escaped.

    Returns
    -------
    str
    """
    head = "".join(element("th", text(name), scope="col") for name in header)
    body = []
    for first, *rest in rows:
        cells = [element("th", first, scope="row"), *(element("td", c) for c in rest)]
        body.append(element("tr", *cells))
    inner = element(
        "table",
        element("thead", element("tr", head)),
        element("tbody", *body),
    )
    label = {"role": "region", "aria_label": caption, "tabindex": "0"}
    above = element("p", text(caption), class_="quiet")
    return above + element("div", inner, class_="wide", **label)


def record(values):
    """Write a nested dict as lists of names and values.

    Parameters
    ----------
    values : dict

    Returns
    -------
    str
    """
    lines = []
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            lines.append(element("dt", text(name)))
            lines.append(element("dd", record(value)))
        else:
            lines.append(element("dt", text(name)))
            lines.append(element("dd", text(_write(value))))
    return element("dl", *lines)


def _write(value):
    if isinstance(value, np.ndarray):
        if value.size > _MOST_VALUES:
            return f"array of the shape {value.shape}, type {value.dtype}"
        value = value.tolist()
    if isinstance(value, Mapping):
        return "none"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        if len(value) > _MOST_VALUES:
            return f"{len(value)} values"
        return ", ".join(_write(item) for item in value) or "none"
    return "none" if value is None else str(value)
