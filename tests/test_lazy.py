"""Names that are imported on first use."""

import subprocess
import sys

import pytest

import hyperspy_4dphase
from hyperspy_4dphase import interop
from hyperspy_4dphase._lazy import find_lazily


@pytest.mark.parametrize("package", [hyperspy_4dphase, interop])
def test_every_name_is_found(package):
    for name in package._PLACES:
        assert getattr(package, name).__name__.endswith(name)


@pytest.mark.parametrize("package", [hyperspy_4dphase, interop])
def test_an_unknown_name_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match=f"{package.__name__}.*'no_such_name'"):
        package.no_such_name  # noqa: B018


def test_a_name_of_a_module_that_lacks_it_is_an_attribute_error():
    find = find_lazily("hyperspy_4dphase", {"no_such_name": "_lazy"})
    with pytest.raises(AttributeError, match="no_such_name"):
        find("no_such_name")


def test_modules_wait_until_they_are_asked_for():
    code = (
        "import sys, hyperspy_4dphase.interop as i;"
        "assert 'hyperspy_4dphase.interop.quantem' not in sys.modules;"
        "i.quantem; assert 'hyperspy_4dphase.interop.quantem' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
