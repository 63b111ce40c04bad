"""What the examples in docstrings share when they are run as tests."""

from importlib.util import find_spec

import pytest

# Packages that examples of these modules, or functions, need, and that are not always
# there. The longest name counts.
_NEEDED = {
    "hyperspy_4dphase.interop.py4dstem": ("py4DSTEM",),
    "hyperspy_4dphase.interop.quantem": ("hyperspy",),
    "hyperspy_4dphase.interop.quantem.to_quantem": ("quantem",),
}


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


@pytest.fixture(autouse=True)
def plain_examples(request):
    """Examples show no progress bars, and their figures are closed."""
    if not isinstance(request.node, pytest.DoctestItem) or not find_spec("hyperspy"):
        yield
        return
    import hyperspy.api as hs
    import matplotlib.pyplot as plt

    general = hs.preferences.General
    before, general.show_progressbar = general.show_progressbar, False
    yield
    general.show_progressbar = before
    plt.close("all")
