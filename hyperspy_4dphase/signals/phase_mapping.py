"""What ``s.map_phases()`` gives: the result of every step."""

from dataclasses import dataclass, field

import numpy as np

from hyperspy_4dphase.signals._domain_summary import (
    draw_summary,
    find_path,
    save_summary,
)
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._mapping_folder import (
    find_folder,
    read_folder,
    write_folder,
)
from hyperspy_4dphase.signals._phase_summary import summarize
from hyperspy_4dphase.signals.domain_classes import DomainClasses
from hyperspy_4dphase.signals.domain_confidence import DomainConfidence
from hyperspy_4dphase.signals.domain_map import DomainMap
from hyperspy_4dphase.signals.phase_map import PhaseMap


@dataclass(frozen=True, eq=False, repr=False)
class PhaseMapping:
    """Every step from a scan to its phases.

    Attributes
    ----------
    compression : Compression
        What all steps were made of, for further methods of the scan.
    domains : DomainMap
    confidence : DomainConfidence or None
        None if it was not asked for.
    classes : DomainClasses
        What each domain is, see :meth:`DomainMap.classify`.
    phases : PhaseMap or None
        None without structures.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
    >>> result.domains.n_domains, result.classes.names
    (3, ['amorphous', 'amorphous', 'vacuum'])
    """

    compression: object = field()
    domains: DomainMap = field()
    confidence: DomainConfidence | None = None
    classes: DomainClasses | None = None
    phases: PhaseMap | None = None

    def save(self, path, overwrite=None):
        """Save the result of every step in one folder.

        ``compression.npz``, ``domains.hspy``, ``confidence.hspy``, ``classes.json`` and
        ``phases.hspy``, as far as they are there: ``hs.load()`` reads each of the
        signals alone, too. The scan is not saved.

        Parameters
        ----------
        path : str or pathlib.Path
            The folder. Others above it are made as needed.
        overwrite : bool, optional
            Whether the files of a mapping that was saved there are replaced. By default
            it is asked, as HyperSpy's ``save`` does. Whatever else is in the folder is
            left as it is.

        Returns
        -------
        pathlib.Path or None
            The folder; None if it has a mapping that was not to be replaced.

        Raises
        ------
        FileExistsError
            If there is a folder of something else, or one of a mapping and nobody can
            be asked.
        NotADirectoryError
            If a file is there.
        TypeError, ValueError
            If `path` is no path or empty, or `overwrite` neither None, True nor False.

        See Also
        --------
        load : Reads it.

        Examples
        --------
        >>> from hyperspy_4dphase import PhaseMapping
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = result.save(f"{folder}/bilayer")
        ...     sorted(file.name for file in path.iterdir())
        ...     again = PhaseMapping.load(path)
        ['classes.json', 'compression.npz', 'domains.hspy', 'mapping.json']
        >>> again.classes == result.classes
        True
        """
        from hyperspy_4dphase import __version__

        path = find_folder(path, overwrite)
        if path is not None:
            write_folder(path, vars(self), __version__)
        return path

    @classmethod
    def load(cls, path):
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path : str or pathlib.Path
            The folder.

        Returns
        -------
        PhaseMapping
            Without the scan: what reads it again takes it as `signal`.

        Raises
        ------
        FileNotFoundError
            If there is no such folder, or a file in it is gone.
        TypeError, ValueError
            If `path` is no path, or the folder holds something else, is damaged, or was
            written by a newer version.

        Examples
        --------
        >>> from hyperspy_4dphase import PhaseMapping
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = PhaseMapping.load(result.save(f"{folder}/bilayer"))
        >>> again.domains
        <DomainMap, title: Domains of Oxide bilayer, dimensions: (|16, 14)>
        """
        return cls(**read_folder(path))

    def plot(self, **options):
        """Plot phases, or domains where none were named.

        Parameters
        ----------
        **options
            Of :meth:`PhaseMap.plot`, or :meth:`DomainMap.plot`.

        Returns
        -------
        matplotlib.figure.Figure

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
        >>> fig = result.plot()
        """
        if self.phases is not None:
            return self.phases.plot(**options)
        names = [f"domain {row.label}, {row.name}" for row in self.classes]
        return self.domains.plot(**({"names": names} | options)).figure

    def plot_linked(self, signal=None, *, names=None, **options):
        """Plot the map of domains and their mean patterns, linked by clicks.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            By default the scan that was mapped, if it is still in memory.
        names : sequence of str, optional
            One for each domain. By default those of `phases`, or else of
            `classes`.
        **options
            Of :meth:`DomainMap.plot_linked`.

        Returns
        -------
        hyperspy_4dphase.plot.LinkedView

        Raises
        ------
        ValueError
            As :meth:`DomainMap.plot_linked`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
        >>> view = result.plot_linked()
        """
        if names is None and self.phases is not None:
            names = [f"domain {i}, {r.phase}" for i, r in enumerate(self.report())]
        elif names is None and self.classes is not None:
            names = [f"domain {row.label}, {row.name}" for row in self.classes]
        return self.domains.plot_linked(signal, names=names, **options)

    def plot_phase_summary(self, *, names=None, title=None, fig=None):
        """Plot map, confidence, doubts, sizes, names and mean patterns on one page.

        Parameters
        ----------
        names : sequence of str, optional
            One for each domain. By default those of `phases`.
        title : str, optional
            By default that of the domains.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            As :meth:`DomainMap.plot_phase_summary`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
        >>> fig = result.plot_phase_summary()
        """
        check_figure_arguments(title, fig=fig)
        return draw_summary(self._summarize(names, title), fig)

    def to_html(self, filename, *, names=None, title=None, overwrite=None):
        """Write all that was found as a web page: one file, which any browser shows.

        Maps, mean patterns, sizes, classes, names with orientations, how sure each
        domain is, warnings, what could not be told, settings and versions. Pictures
        are in the file; nothing is loaded from elsewhere.

        Parameters
        ----------
        filename : str or pathlib.Path
            It gets ``.html`` unless it has it. Folders are made as needed.
        names, title : optional
            As in :meth:`plot_phase_summary`.
        overwrite : bool, optional
            Whether a file of that name is replaced. By default it is asked, as
            HyperSpy's ``save`` does.

        Returns
        -------
        pathlib.Path or None
            The file; None if there is one that was not to be replaced.

        Raises
        ------
        FileExistsError
            If a file is there, and nobody can be asked.
        IsADirectoryError, NotADirectoryError
            If `filename` is a folder, or would be in a file.
        TypeError
            If `overwrite` is neither None, True nor False, or `filename` no path.
        ValueError
            As :meth:`plot_phase_summary`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = result.to_html(f"{folder}/scan")
        >>> path.name
        'scan.html'
        """
        check_figure_arguments(title)
        path = find_path(filename, overwrite)
        return path and save_summary(self._summarize(names, title), path)

    def _summarize(self, names, title):
        return summarize(
            self.domains,
            self.confidence,
            self.classes,
            self.phases,
            names=names,
            compression=self.compression,
            title=title,
        )

    def report(self):
        """Say what each domain is.

        Returns
        -------
        PhaseReport or DomainClasses
            Rows that print as a table: of phases if there are structures.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.map_phases(confidence=False, random_state=0, print_info=False)
        >>> len(result.report())
        3
        """
        return self.classes if self.phases is None else self.phases.report()

    def __repr__(self):
        found = [f"  domains={self.domains.n_domains}"]
        if self.confidence is not None:
            if self.confidence.is_resolved:
                mean = float(_mean(np.asarray(self.confidence.data)))
                found.append(f"  mean_confidence={mean:.3f}")
            else:
                found.append("  mean_confidence=not resolved")
        return "\n".join([*found, repr(self.report())])


def _mean(values):
    known = values[values == values]
    return known.mean()
