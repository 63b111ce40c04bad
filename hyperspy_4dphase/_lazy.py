"""Public names that are imported when they are first asked for.

Not by lazy_loader, which imports all at once where EAGER_IMPORT is set, and with it
HyperSpy, of which only a part is there while it looks for extensions.
"""

import importlib


def find_lazily(package, places):
    """Make the ``__getattr__`` of a package whose names are imported on first use.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    places : dict of str to str or None
        For each public name the module of the package that defines it; None where the
        name is itself a module of the package.

    Returns
    -------
    callable
        Takes a name and returns what it stands for.

    Examples
    --------
    >>> find = find_lazily("hyperspy_4dphase", {"plot": None})
    >>> find("plot").__name__
    'hyperspy_4dphase.plot'
    """

    def find(name):
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{places[name] or name}")
        return module if places[name] is None else getattr(module, name)

    return find
