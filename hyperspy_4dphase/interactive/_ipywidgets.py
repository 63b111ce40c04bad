"""The widgets of this package for Jupyter, as HyperSpy asks for them by toolkey."""

import ipywidgets
from IPython.display import display as show
from link_traits import link


def show_NumberOfComponents(obj, display=True, **kwargs):
    """A slider for the number of components, and a button that decomposes.

    Parameters
    ----------
    obj : NumberOfComponents
    display : bool, default True
        Whether to display the widget, or to return it.

    Returns
    -------
    dict or None
        ``"widget"``, and all that it consists of in ``"wdict"``.
    """
    number = ipywidgets.IntSlider(min=1, max=obj.largest, continuous_update=False)
    apply = ipywidgets.Button(
        description="Decompose",
        tooltip="Decompose the scan into so many components.",
    )
    message = ipywidgets.Label()
    link((obj, "number"), (number, "value"))
    link((obj, "message"), (message, "value"))

    def decompose(button):
        apply.disabled = True
        try:
            obj.apply()
        finally:
            apply.disabled = False

    apply.on_click(decompose)
    rows = _row("Components", number), ipywidgets.HBox([apply, message])
    parts = {"number": number, "apply_button": apply, "message": message}
    return _finish(rows, parts, display)


def show_LevelOfDomains(obj, display=True, **kwargs):
    """Sliders for the level of the tree, or the number of domains.

    Parameters
    ----------
    obj : LevelOfDomains
    display : bool, default True
        Whether to display the widget, or to return it.

    Returns
    -------
    dict or None
        ``"widget"``, and all that it consists of in ``"wdict"``.
    """
    by = ipywidgets.ToggleButtons(options=["level", "number"])
    level = ipywidgets.IntSlider(min=0, max=obj.n_levels, continuous_update=False)
    number = ipywidgets.IntSlider(min=1, max=obj.n_domains, continuous_update=False)
    message = ipywidgets.Label()
    for name, widget in (("level", level), ("number", number)):
        link((obj, name), (widget, "value"))
    link((obj, "by"), (by, "value"))
    link((obj, "message"), (message, "value"))

    def use_one(change):
        level.disabled, number.disabled = by.value != "level", by.value != "number"

    by.observe(use_one, "value")
    use_one(None)
    rows = (
        _row("Choose by", by),
        _row("Level of the tree", level),
        _row("Number of domains", number),
        message,
    )
    parts = {"by": by, "level": level, "number": number, "message": message}
    return _finish(rows, parts, display)


def _row(text, widget):
    label = ipywidgets.Label(text, layout=ipywidgets.Layout(width="10em"))
    return ipywidgets.HBox([label, widget])


def _finish(rows, parts, display):
    box = ipywidgets.VBox(rows)
    if display:
        show(box)
        return None
    return {"widget": box, "wdict": parts}
