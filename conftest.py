"""What the examples in docstrings share when they are run as tests."""

from importlib.util import find_spec

import pytest

# Examples of these modules need a package that is not always there.
_NEEDED = {"hyperspy_4dphase.interop.py4dstem": "py4DSTEM"}


def pytest_collection_modifyitems(items):
    """Skip examples of packages that are not installed."""
    for item in items:
        if isinstance(item, pytest.DoctestItem):
            package = _NEEDED.get(item.name.rsplit(".", 1)[0])
            if package and find_spec(package) is None:
                reason = f"{package} is not installed"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def plain_examples(request):
    """Examples show no progress bars, and their figures are closed."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    import hyperspy.api as hs
    import matplotlib.pyplot as plt

    general = hs.preferences.General
    before, general.show_progressbar = general.show_progressbar, False
    yield
    general.show_progressbar = before
    plt.close("all")
