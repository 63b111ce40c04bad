"""How many components a scan is decomposed into, chosen beside its scree plot."""

import traits.api as t
from hyperspy.ui_registry import add_gui_method

from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.interactive._bounded import BoundedInt
from hyperspy_4dphase.interactive._figures import ShownFigure
from hyperspy_4dphase.methods.compress import compress
from hyperspy_4dphase.signals.compression import Compression


@add_gui_method(toolkey="hyperspy_4dphase.NumberOfComponents")
class NumberOfComponents(t.HasTraits):
    """Choose a number of components, and decompose the scan.

    Parameters
    ----------
    signal : Diffraction2D or another scan
        What is to be decomposed.
    compression : Compression, optional
        What :func:`hyperspy_4dphase.compress` gave for it. By default it is compressed
        now.
    number : int, optional
        To begin with. By default as many as there are directions of structure.
    **options
        Of ``s.decomposition_rnmf()``, passed unchanged by :meth:`apply`.

    Attributes
    ----------
    number : int
        The choice. The figure of :meth:`plot` follows it.
    largest : int
        The largest number that can be chosen.
    result : PatternDecomposition or None
        What :meth:`apply` has found.
    message : str
        What came of it, in words.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.interactive import NumberOfComponents
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> choice = NumberOfComponents(s, random_state=0)
    >>> fig = choice.plot()

    In a notebook, with hyperspy_gui_ipywidgets, there are a slider and a button:

    >>> choice.gui()  # doctest: +SKIP

    Without it, the same:

    >>> choice.number = 2
    >>> choice.apply()
    <PatternDecomposition, title: Decomposition of Oxide bilayer, dimensions: (16,
    14|2)>
    >>> choice.message
    '2 components in 2 groups.'
    """

    number = BoundedInt()
    largest = t.Int()
    result = t.Any()
    message = t.Str()

    def __init__(self, signal, compression=None, number=None, **options):
        super().__init__()
        if not hasattr(signal, "decomposition_rnmf"):
            raise TypeError(
                "signal must be a scan of diffraction patterns, not "
                f"{type(signal).__name__}."
            )
        number = check_integer("number", number, 1, optional=True)
        if compression is None:
            shown = {
                name: options[name]
                for name in ("show_progressbar", "random_state", "device")
                if name in options
            }
            compression = compress(signal, print_info=False, **shown)
        elif not isinstance(compression, Compression):
            raise TypeError(
                "compression must be what hyperspy_4dphase.compress() gave, not "
                f"{type(compression).__name__}."
            )
        self._signal, self._compression, self._options = signal, compression, options
        self._figure = ShownFigure(self._draw, (5.6, 3.4))
        self.largest = compression.rank
        most = max(min(compression.n_significant, self.largest), 1)
        self.number = most if number is None else number
        self.observe(lambda event: self._figure.update(), "number")

    def plot(self, fig=None):
        """Plot singular values, the edge of noise, and the choice; it follows.

        Parameters
        ----------
        fig : matplotlib.figure.Figure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> from hyperspy_4dphase.interactive import NumberOfComponents
        >>> choice = NumberOfComponents(s, random_state=0)
        >>> fig = choice.plot()
        """
        return self._figure.show(fig)

    def apply(self):
        """Decompose the scan into so many components.

        Returns
        -------
        PatternDecomposition
            Also in `result`; ``learning_results`` of the scan are filled.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> from hyperspy_4dphase.interactive import NumberOfComponents
        >>> choice = NumberOfComponents(s, random_state=0)
        >>> choice.number = 2
        >>> choice.apply().n_components
        2
        """
        made = self._signal.decomposition_rnmf(
            self.number,
            compression=self._compression,
            return_result=True,
            **{"print_info": False} | self._options,
        )
        n_groups = len(set(made.groups.tolist()))
        groups = "1 group" if n_groups == 1 else f"{n_groups} groups"
        self.result, self.message = made, f"{made.n_components} components in {groups}."
        return made

    def _bounds(self, name):
        """From where to where `number` may be."""
        return 1, self.largest

    def _draw(self, figure):
        from hyperspy_4dphase.plot import plot_scree

        plot_scree(
            self._compression.singular_values,
            self._compression.noise_edge,
            number=self.number,
            ax=figure.add_subplot(),
        )
