"""A figure that is drawn anew whenever a choice changes."""

from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments


class ShownFigure:
    """Holds a figure, once there is one, and draws it again.

    Parameters
    ----------
    draw : callable
        Takes an empty figure.
    size : tuple of float
        Of a new one, in inches.
    """

    def __init__(self, draw, size):
        self._draw, self._size, self._figure = draw, size, None

    def show(self, figure=None):
        """Draw into a figure, a new one by default.

        Parameters
        ----------
        figure : matplotlib.figure.Figure, optional

        Returns
        -------
        matplotlib.figure.Figure
        """
        import matplotlib.pyplot as plt

        check_figure_arguments(fig=figure)
        if figure is None:
            figure = plt.figure(figsize=self._size, layout="constrained")
        self._figure = figure
        self.update()
        return figure

    def update(self):
        """Draw it again, if there is one."""
        if self._figure is None:
            return
        self._figure.clear()
        self._draw(self._figure)
        self._figure.canvas.draw_idle()
