"""What the examples in docstrings share when they are run as tests."""

from copy import deepcopy
from functools import cache
from importlib.util import find_spec
from itertools import takewhile
from types import ModuleType

import pytest

# Packages that examples of these modules, or functions, need, and that are not always
# there. The longest name counts.
_NEEDED = {
    "hyperspy_4dphase.interop.py4dstem": ("py4DSTEM",),
    "hyperspy_4dphase.interop.quantem": ("hyperspy",),
    "hyperspy_4dphase.interop.quantem.to_quantem": ("quantem",),
}

# Methods that take long, and with which many examples begin.
_SLOW = (
    ".cluster_hierarchical(",
    ".decomposition_rnmf(",
    ".domain_confidence(",
    ".identify(",
    ".map_phases(",
    ".vae_embed(",
)


def _lacking(name):
    """The packages that an example needs and that are not installed."""
    found = [place for place in _NEEDED if f"{name}.".startswith(f"{place}.")]
    needed = _NEEDED[max(found, key=len)] if found else ()
    return [package for package in needed if find_spec(package) is None]


def pytest_collection_modifyitems(items):
    """Skip examples of packages that are not installed."""
    for item in items:
        if isinstance(item, pytest.DoctestItem) and (lacking := _lacking(item.name)):
            reason = f"{', '.join(lacking)} is not installed"
            item.add_marker(pytest.mark.skip(reason=reason))


@cache
def _run_lines(lines):
    """The names that lines make, run by themselves as a reader would run them."""
    names = {}
    exec(lines, names)
    del names["__builtins__"]
    return names


def _begin(test):
    """Run the first lines of an example, which print nothing, once for all with them.

    Each example has copies of what they make.
    """
    silent = takewhile(lambda line: not (line.want or line.options), test.examples)
    lines = [line.source for line in silent]
    while lines and not any(method in lines[-1] for method in _SLOW):
        del lines[-1]
    if lines:
        names = _run_lines("".join(lines))
        modules = {id(m): m for m in names.values() if isinstance(m, ModuleType)}
        test.globs.update(deepcopy(names, modules))
        del test.examples[: len(lines)]


@pytest.fixture(autouse=True)
def plain_examples(request):
    """Examples show no progress bars, and their figures are closed.

    What many of them begin with is run once.
    """
    if not isinstance(request.node, pytest.DoctestItem) or not find_spec("hyperspy"):
        yield
        return
    import hyperspy.api as hs
    import matplotlib.pyplot as plt

    general = hs.preferences.General
    before, general.show_progressbar = general.show_progressbar, False
    _begin(request.node.dtest)
    yield
    general.show_progressbar = before
    plt.close("all")
