"""All that was found in a scan on one page: a figure, or a file for the browser."""

import os
from pathlib import Path

from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._phase_summary import summarize
from hyperspy_4dphase.signals._scan_map import ScanMap


class DomainSummary(ScanMap):
    """What :class:`DomainMap` gains to be summed up."""

    def plot_phase_summary(
        self,
        confidence=None,
        classes=None,
        phases=None,
        *,
        names=None,
        signal=None,
        title=None,
        fig=None,
        show_progressbar=None,
    ):
        """Plot map, confidence, doubts, sizes, names and mean patterns on one page.

        What was not computed is left out.

        Parameters
        ----------
        confidence : DomainConfidence, optional
            Of these domains: ``s.domain_confidence(domains)``.
        classes : DomainClasses or sequence of str, optional
            What :meth:`classify` gave.
        phases : PhaseMap, optional
            What :meth:`identify` gave.
        names : sequence of str, optional
            One for each domain. By default those of `phases`.
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`. Without a scan, and if none were read yet,
            there are no patterns.
        title : str, optional
            By default that of the map.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.
        show_progressbar : bool, optional
            As in :meth:`mean_patterns`.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        TypeError
            If confidence, classes, phases or names are of another type.
        ValueError
            If this is a slice, if there are too few names, or if confidence, classes
            or phases are of other domains; and as :meth:`mean_patterns`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> fig = domains.plot_phase_summary(classes=domains.classify())
        """
        check_figure_arguments(title, fig=fig)
        results = {"confidence": confidence, "classes": classes, "phases": phases}
        options = {"names": names, "signal": signal, "title": title}
        options["show_progressbar"] = show_progressbar
        return draw_summary(summarize(self, **results, **options), fig)

    def to_html(
        self,
        filename,
        confidence=None,
        classes=None,
        phases=None,
        *,
        names=None,
        signal=None,
        title=None,
        overwrite=None,
        show_progressbar=None,
    ):
        """Write all that was found as a web page: one file, which any browser shows.

        Maps, mean patterns, sizes, classes, names with orientations, how sure each
        domain is, what could not be told, settings and versions. Pictures are in the
        file; nothing is loaded from elsewhere.

        Parameters
        ----------
        filename : str or pathlib.Path
            It gets ``.html`` unless it has it. Folders are made as needed.
        confidence, classes, phases, names, signal, title : optional
            As in :meth:`plot_phase_summary`.
        overwrite : bool, optional
            Whether a file of that name is replaced. By default it is asked, as
            HyperSpy's ``save`` does.
        show_progressbar : bool, optional
            As in :meth:`mean_patterns`.

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
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = domains.to_html(f"{folder}/scan", classes=domains.classify())
        >>> path.name
        'scan.html'
        """
        path = find_path(filename, overwrite)
        if path is None:
            return None
        results = {"confidence": confidence, "classes": classes, "phases": phases}
        options = {"names": names, "signal": signal, "title": title}
        options["show_progressbar"] = show_progressbar
        check_figure_arguments(title)
        return save_summary(summarize(self, **results, **options), path)


def draw_summary(summary, fig=None):
    """Draw a :class:`PhaseSummary` as a figure.

    Parameters
    ----------
    summary : PhaseSummary
    fig : matplotlib.figure.Figure or SubFigure, optional

    Returns
    -------
    matplotlib.figure.Figure
    """
    from hyperspy_4dphase.plot import plot_phase_summary

    options = summary.pattern_options
    return plot_phase_summary(
        summary.labels,
        patterns=summary.patterns,
        names=[_describe(row) for row in summary.rows],
        confidence=summary.confidence,
        doubts=summary.doubts,
        mean_confidence=[row.mean_confidence for row in summary.rows],
        spots=summary.spots,
        notes=[*summary.warnings, *summary.unresolved],
        pattern_extent=options["extent"],
        pattern_units=options["units"],
        title=summary.title,
        fig=fig,
        **summary.map_options,
    )


def find_path(filename, overwrite):
    """The path to write to, or None where what is there must stay.

    Parameters
    ----------
    filename : str or pathlib.Path
    overwrite : bool or None
        None asks.

    Returns
    -------
    pathlib.Path or None

    Raises
    ------
    TypeError
        If `overwrite` is anything else, or `filename` is no path.
    ValueError
        If `filename` is empty.
    IsADirectoryError, NotADirectoryError
        If a folder is there, or a file where a folder is to be.
    """
    if isinstance(filename, bytes) or not isinstance(filename, str | os.PathLike):
        raise TypeError(f"filename must be text or a pathlib.Path, not {filename!r}.")
    if not Path(filename).name:
        raise ValueError(f"filename must name a file, but is {str(filename)!r}.")
    check_flags(optional=True, overwrite=overwrite)
    path = Path(filename)
    if path.suffix.lower() not in (".html", ".htm"):
        # What stands after a full stop need not be a suffix: "scan_0.5".
        path = path.with_name(f"{path.name}.html")
    for folder in (Path(filename), path):
        if folder.is_dir():
            raise IsADirectoryError(
                f"filename is {str(filename)!r}, but {folder} is a folder; expected "
                f"the name of a file, such as {str(folder / 'summary.html')!r}."
            )
    for parent in path.parents:
        if parent.exists() and not parent.is_dir():
            raise NotADirectoryError(
                f"filename is {str(filename)!r}, but {parent} is a file; expected a "
                "folder."
            )
    if path.exists() and overwrite is None:
        overwrite = ask_to_replace(path)
    return path if overwrite or not path.exists() else None


def ask_to_replace(path):
    """Ask whether a file or folder is to be replaced.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    bool

    Raises
    ------
    FileExistsError
        If nobody can be asked.
    """
    answer = ""
    try:
        while answer not in ("y", "n"):
            answer = input(f"Overwrite '{path}' (y/n)?\n").lower()
    except (EOFError, OSError):
        raise FileExistsError(
            f"{path} is there already, and nobody can be asked: overwrite=True "
            "replaces it."
        ) from None
    return answer == "y"


def save_summary(summary, path):
    """Write a :class:`PhaseSummary` as a web page.

    Parameters
    ----------
    summary : PhaseSummary
    path : pathlib.Path

    Returns
    -------
    pathlib.Path
    """
    from hyperspy_4dphase import __version__
    from hyperspy_4dphase.report import write_page

    path.parent.mkdir(parents=True, exist_ok=True)
    write_page(summary, path, __version__)
    return path


def _describe(row):
    """What a domain is, on one line."""
    # Amorphous domains are of the phase of that name.
    said = [] if row.kind == row.name else [row.kind]
    if row.name:
        name = " or ".join([row.name, *row.others])
        chance = "" if row.probability != row.probability else f" {row.probability:.2f}"
        said.append(f"{name}{chance}")
    if row.euler[0] == row.euler[0]:
        said.append("({:.0f}, {:.0f}, {:.0f})°".format(*row.euler))
    return ", ".join(part for part in said if part)
