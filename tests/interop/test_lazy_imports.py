"""What is imported when: other packages only when something goes there."""

import importlib.util
import subprocess
import sys

import pytest

from hyperspy_4dphase import interop

HEAVY = ("py4DSTEM", "emdfile", "quantem", "torch", "orix", "hyperspy", "pyxem")


def test_importing_interop_imports_no_other_package():
    script = (
        "import sys, hyperspy_4dphase.interop\n"
        "from hyperspy_4dphase.interop import quantem, to_arrays\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_all_public_names_are_there():
    pytest.importorskip("pyxem")
    for name in interop.__all__:
        assert callable(getattr(interop, name))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = interop.no_such_name


@pytest.mark.skipif(
    importlib.util.find_spec("py4DSTEM") is not None, reason="py4DSTEM is installed"
)
def test_without_py4dstem_it_says_what_to_install(make_scan):
    with pytest.raises(
        ImportError, match=r"pip install 'hyperspy-4dphase\[py4dstem\]'"
    ):
        interop.to_py4dstem(make_scan())


@pytest.mark.skipif(
    importlib.util.find_spec("quantem") is not None, reason="quantem is installed"
)
def test_without_quantem_it_says_what_to_install(make_scan):
    with pytest.raises(ImportError, match="pip install quantem"):
        interop.to_quantem(make_scan())
