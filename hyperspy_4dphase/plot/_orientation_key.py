"""What colours of orientations mean."""

from hyperspy_4dphase.plot._style import SMALLEST
from hyperspy_4dphase.plot._text import AS_TYPED


def draw_orientation_key(figure, place, point_group, title=None):
    """Draw which direction of a crystal has which colour.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or SubFigure
    place : matplotlib.gridspec.SubplotSpec or tuple of int
        Where in the figure.
    point_group : orix.quaternion.Symmetry
    title : str, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    # It makes the projection known to matplotlib.
    import orix.plot  # noqa: F401

    place = place if isinstance(place, tuple) else (place,)
    laue = point_group.laue
    axes = figure.add_subplot(*place, projection="ipf", symmetry=laue)
    axes.plot_ipf_color_key(show_title=False)
    for text in axes.texts:
        text.set_fontsize(SMALLEST)
    if title:
        # Clear of the names of directions at the corners.
        axes.set_title(title, fontsize=SMALLEST, pad=14, **AS_TYPED)
    return axes
