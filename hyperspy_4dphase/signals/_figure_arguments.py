"""Checks of what methods that plot are given alike."""

from hyperspy_4dphase._scalars import check_flags


def check_figure_arguments(title=None, ax=None, fig=None, **flags):
    """Refuse titles that are no text, axes and figures that are none, and no flags.

    Parameters
    ----------
    title, ax, fig : object, optional
        None is allowed.
    **flags
        Names and values of what must be True or False.

    Raises
    ------
    TypeError
    """
    if not (title is None or isinstance(title, str)):
        raise TypeError(f"title must be text or None, not {title!r}.")
    # What axes and figures can do, so that matplotlib need not be imported.
    for name, value, kind, ability in (
        ("ax", ax, "axes", "imshow"),
        ("fig", fig, "a figure", "subplots"),
    ):
        if not (value is None or hasattr(value, ability)):
            raise TypeError(f"{name} must be {kind} or None, not {value!r}.")
    check_flags(**flags)
