"""How far down a tree of domains a map goes, chosen beside the map."""

import traits.api as t
from hyperspy.ui_registry import add_gui_method

from hyperspy_4dphase.interactive._bounded import BoundedInt
from hyperspy_4dphase.interactive._figures import ShownFigure
from hyperspy_4dphase.signals._level_colors import level_colors
from hyperspy_4dphase.signals.domain_map import DomainMap


@add_gui_method(toolkey="hyperspy_4dphase.LevelOfDomains")
class LevelOfDomains(t.HasTraits):
    """Choose a level of the tree of domains, or their number, and see the map.

    Parameters
    ----------
    domains : DomainMap
        It is not changed.

    Attributes
    ----------
    by : {"level", "number"}
        Which of the next two decides.
    level : int
        Down to which level of the tree the map goes, see
        :meth:`hyperspy_4dphase.DomainMap.at_level`.
    number : int
        How many domains it has, see :meth:`hyperspy_4dphase.DomainMap.cut`.
    selected : DomainMap
        The map that was chosen. The figure of :meth:`plot` follows it.
    message : str
        What it is, in words.
    colors : numpy.ndarray, shape (n_domains, 3)
        Red, green and blue of each domain of `selected`. A domain that stays the same
        keeps its colour from choice to choice; where one is split, its largest part
        keeps it. With all domains they are those of every other figure.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.interactive import LevelOfDomains
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
    >>> choice = LevelOfDomains(domains)
    >>> fig = choice.plot()

    In a notebook, with hyperspy_gui_ipywidgets, there are sliders:

    >>> choice.gui()  # doctest: +SKIP

    Without it, the same:

    >>> choice.level = 1
    >>> choice.selected
    <DomainMap, title: Domains of Oxide bilayer, dimensions: (|16, 14)>
    >>> choice.message
    '2 domains of 3'
    """

    by = t.Enum("level", "number")
    level = BoundedInt()
    number = BoundedInt()
    n_levels = t.Int()
    n_domains = t.Int()
    selected = t.Instance(DomainMap)
    message = t.Str()
    colors = t.Array(shape=(None, 3))

    def __init__(self, domains):
        super().__init__()
        if not isinstance(domains, DomainMap):
            raise TypeError(
                f"domains must be a DomainMap, not {type(domains).__name__}."
            )
        self._domains = domains
        self._figure = ShownFigure(self._draw, (6.8, 4.4))
        self.n_levels, self.n_domains = domains.tree.n_levels, domains.n_domains
        self.level, self.number = self.n_levels, self.n_domains
        self._select()
        self.observe(self._follow, ["by", "level", "number"])

    def plot(self, fig=None):
        """Plot the map; it follows the choice.

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
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> from hyperspy_4dphase.interactive import LevelOfDomains
        >>> choice = LevelOfDomains(domains)
        >>> fig = choice.plot()
        >>> choice.level = 1
        >>> choice.selected.n_domains
        2
        """
        return self._figure.show(fig)

    def _bounds(self, name):
        """From where to where `level` or `number` may be."""
        return (0, self.n_levels) if name == "level" else (1, self.n_domains)

    def _follow(self, event):
        if event.name in ("by", self.by):
            self._select()
            self._figure.update()

    def _select(self):
        tree = self._domains.tree
        if self.by == "level":
            made, nodes = self._domains.at_level(self.level), tree.at_level(self.level)
        else:
            made, nodes = self._domains.cut(self.number), tree.cut(self.number)
        self.colors = level_colors(self._domains, nodes)
        n = made.n_domains
        domains = "1 domain" if n == 1 else f"{n} domains"
        self.selected, self.message = made, f"{domains} of {self.n_domains}"

    def _draw(self, figure):
        from hyperspy_4dphase.plot import plot_domains

        plot_domains(
            self.selected.labels,
            colors=self.colors,
            title=self.message,
            ax=figure.add_subplot(anchor="W"),
            **self.selected._image_options(),
        )
