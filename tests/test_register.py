"""The methods are there after ``import hyperspy.api``, and nothing else changes.

What happens at import is looked at in fresh processes, of the installed package and,
with the marker `wheel`, of the built wheel.
"""

import ast
import inspect
import json
import sys
import types
from pathlib import Path

import pytest
import yaml

import hyperspy_4dphase
from hyperspy_4dphase import _register

from .conftest import shared_folder

METHODS = _register.read_methods()
CLASSES = {
    "Diffraction1D",
    "Diffraction2D",
    "ElectronDiffraction1D",
    "ElectronDiffraction2D",
    "InSituDiffraction2D",
    "LazyDiffraction1D",
    "LazyDiffraction2D",
    "LazyElectronDiffraction2D",
    "LazyPolarDiffraction2D",
    "PolarDiffraction2D",
}

# HyperSpy without this package: its entry point is hidden.
HIDE = """
import importlib.metadata
entry_points = importlib.metadata.entry_points
importlib.metadata.entry_points = lambda **keywords: [
    e for e in entry_points(**keywords) if not e.name.startswith("hyperspy_4dphase")
]
"""

IMPORT = """
import json, sys
import hyperspy.api as hs
hs.load, hs.signals
print(json.dumps(sorted(sys.modules)))
"""

LOAD = """
import json, sys
import hyperspy.api as hs

methods, found = sys.argv[1].split(","), {}
for path in sys.argv[2:]:
    for lazy in (False, True):
        s = hs.load(path, lazy=lazy)
        found[f"{path} lazy={lazy}"] = [callable(getattr(s, m)) for m in methods]
early = [m for m in ("torch",) if m in sys.modules]
import hyperspy_4dphase
public = [getattr(hyperspy_4dphase, name) for name in hyperspy_4dphase.__all__]
print(json.dumps([found, early, hyperspy_4dphase.__file__]))
"""

SIGNAL_TYPE = """
import json, sys
import numpy as np
import hyperspy.api as hs

s = hs.signals.Signal2D(np.ones((2, 3, 4, 5)))
found = [hasattr(s, sys.argv[1])]
for signal_type in ("diffraction", "electron_diffraction", "polar_diffraction"):
    for signal in (s.deepcopy(), s.as_lazy()):
        signal.set_signal_type(signal_type)
        found.append(hasattr(signal, sys.argv[1]))
print(json.dumps(found))
"""

PYXEM_FIRST = """
import json, sys
import pyxem.signals.diffraction2d
print(json.dumps(sorted(
    name for name, cls in vars(pyxem.signals).items()
    if isinstance(cls, type) and hasattr(cls, sys.argv[1])
)))
"""

CHANGES = (
    HIDE
    + """
import json, sys
import hyperspy.signals, hyperspy._lazy_signals, hyperspy._signals.lazy, pyxem.signals

def attributes():
    seen = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(("hyperspy.", "pyxem.")):
            for cls in vars(module).values():
                if isinstance(cls, type):
                    for key, value in vars(cls).items():
                        seen[f"{cls.__module__}:{cls.__qualname__}.{key}"] = value
    return seen

before = attributes()
import hyperspy_4dphase
after = attributes()
print(json.dumps([
    [k for k in before if before[k] is not after.get(k)],
    sorted(after.keys() - before.keys()),
]))
"""
)


def test_import_brings_in_nothing_scientific(run_fresh, monkeypatch):
    # Would make lazy_loader import everything at once.
    monkeypatch.setenv("EAGER_IMPORT", "1")
    new = set(json.loads(run_fresh(IMPORT))) - set(json.loads(run_fresh(HIDE + IMPORT)))
    assert "hyperspy_4dphase" in new
    packages = {name.partition(".")[0] for name in new} - sys.stdlib_module_names
    assert packages <= {"hyperspy_4dphase", "wrapt"}
    ours = {name for name in new if name.startswith("hyperspy_4dphase")}
    assert ours == {f"hyperspy_4dphase{name}" for name in ("", "._lazy", "._register")}


@pytest.fixture(scope="module")
def vendor_files():
    """Two of them, where the measured scans are at hand: they are loaded first."""
    folder = shared_folder() / "vendor_files"
    files = [*folder.glob("*.mib"), *folder.glob("*.blo")]
    assert len(files) == 2 or not folder.is_dir()
    return files


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A small scan in HyperSpy's own formats."""
    import numpy as np
    from pyxem.signals import ElectronDiffraction2D

    folder = tmp_path_factory.mktemp("scans")
    s = ElectronDiffraction2D(np.ones((2, 3, 4, 5), dtype="uint16"))
    files = [folder / "scan.hspy", folder / "scan.zspy"]
    for file in files:
        s.save(file)
    return files


def test_loaded_scans_have_the_methods(run_fresh, installation, scans, vendor_files):
    files = [*vendor_files, *scans]
    found, early, place = json.loads(run_fresh(LOAD, ",".join(METHODS), *files))
    assert len(found) == 2 * len(files)
    for name, answers in found.items():
        assert all(answers), name
    assert not early
    if installation is not None:
        assert Path(place).is_relative_to(installation)


def test_set_signal_type_gives_and_needs_a_diffraction_type(run_fresh):
    plain, *diffraction = json.loads(run_fresh(SIGNAL_TYPE, next(iter(METHODS))))
    assert not plain
    assert len(diffraction) == 6
    assert all(diffraction)


def test_pyxem_imported_first(run_fresh):
    assert set(json.loads(run_fresh(PYXEM_FIRST, next(iter(METHODS))))) >= CLASSES


def test_only_the_listed_attributes_are_added(run_fresh):
    changed, added = json.loads(run_fresh(CHANGES))
    assert changed == []
    listed = [f"{c}.{m}" for m, entry in METHODS.items() for c in entry["classes"]]
    hints = [f"hyperspy.signal:BaseSignal.{m}" for m in METHODS]
    assert added == sorted(listed + hints)


SIGNALS = {
    "a scan": ("Signal2D", (2, 3, 4, 5), "is a scan, say so: s.set_signal_type"),
    "a lazy scan": ("LazySignal2D", (2, 3, 4, 5), "is a scan, say so"),
    "no axes of patterns": ("BaseSignal", (2, 3, 4, 5), r"\(5, 4, 3, 2\|\).*transpose"),
    "an image": ("Signal2D", (4, 5), r"\(\|5, 4\), a scan \(x, y\|kx, ky\)\.$"),
    "lines": ("Signal1D", (3, 4, 5), r"\(4, 3\|5\).*transpose"),
}


@pytest.mark.parametrize("kind", SIGNALS)
def test_other_signals_say_what_has_the_method(kind):
    import hyperspy.api as hs
    import numpy as np

    cls, shape, message = SIGNALS[kind]
    s = getattr(hs.signals, cls.removeprefix("Lazy"))(np.ones(shape))
    s = s.T if cls == "BaseSignal" else s
    s = s.as_lazy() if cls.startswith("Lazy") else s
    assert not hasattr(s, "map_phases")
    with pytest.raises(AttributeError, match=message) as error:
        s.map_phases()
    assert f"{cls!r} object has no attribute 'map_phases'" in str(error.value)
    assert "Diffraction2D" in str(error.value)


def test_other_types_of_signals_are_not_told_to_be_scans():
    import numpy as np
    from pyxem.signals import DiffractionVectors, PolarDiffraction2D

    for s in (
        PolarDiffraction2D(np.ones((2, 3, 4, 5))),
        DiffractionVectors(np.empty((2, 3), object)),
    ):
        with pytest.raises(AttributeError, match=r"pyxem's Diffraction2D\.$"):
            _ = s.map_phases
    with pytest.raises(AttributeError, match="has no attribute"):
        _ = DiffractionVectors.map_phases


@pytest.mark.parametrize("name", METHODS)
def test_signature_and_docstring_are_the_functions(name):
    import pyxem.signals

    function = _register._resolve(METHODS[name]["function"])
    listed = {c.rsplit(":", 1)[1] for c in METHODS[name]["classes"]}
    for class_name in CLASSES:
        cls = getattr(pyxem.signals, class_name)
        if not listed & {base.__name__ for base in cls.__mro__}:
            assert not hasattr(cls, name)
            continue
        method = getattr(cls, name)
        assert inspect.signature(method) == inspect.signature(function)
        assert method.__doc__ == function.__doc__
        assert inspect.unwrap(method) is inspect.unwrap(function)


def test_manifest_at_the_top_is_the_packages():
    top = Path(__file__).parents[1] / "hspy_extension.yaml"
    assert top.read_text() == _register.MANIFEST.read_text()


def test_manifest_keeps_hyperspy_importable():
    manifest = yaml.safe_load(_register.MANIFEST.read_text())
    assert isinstance(manifest["signals"], dict)


def test_stub_says_the_same_as_the_package():
    stub = Path(hyperspy_4dphase.__file__).with_suffix(".pyi")
    places = {
        alias.asname: node.module
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert places == hyperspy_4dphase._PLACES


def test_public_names():
    for name in hyperspy_4dphase.__all__:
        assert getattr(hyperspy_4dphase, name).__name__.rpartition(".")[2] == name
    assert dir(hyperspy_4dphase) == sorted([*hyperspy_4dphase.__all__, "__version__"])
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = hyperspy_4dphase.nothing


# One method on a class of a module made for the test


@pytest.fixture
def module(monkeypatch):
    """A module with a class, its lazy twin and a function to attach to them."""
    module = types.ModuleType("made_for_the_test")

    class Scan:
        pass

    class LazySignal:
        def persist(self):
            return "LazySignal's"

    class LazyScan(LazySignal, Scan):
        pass

    def mapped(signal, n=1):
        """Map."""
        return signal, n

    mapped.__module__ = module.__name__
    module.Scan, module.LazyScan, module.mapped = Scan, LazyScan, mapped
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def _methods(name="mapped", cls="Scan"):
    function = "made_for_the_test:mapped"
    return {name: {"function": function, "classes": [f"made_for_the_test:{cls}"]}}


def test_attached_method_is_bound(module):
    _register.install(_methods())
    for cls in (module.Scan, module.LazyScan):
        scan = cls()
        assert scan.mapped(n=3) == (scan, 3)


def test_function_takes_the_place_of_the_pending_method(module):
    _register.install(_methods())
    assert isinstance(vars(module.Scan)["mapped"], _register.PendingMethod)
    assert module.LazyScan.mapped is module.mapped
    assert vars(module.Scan)["mapped"] is module.mapped


def test_function_is_not_imported_when_attached(module):
    methods = _methods()
    methods["mapped"]["function"] = "no_such_module:mapped"
    _register.install(methods)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = module.Scan().mapped


@pytest.mark.parametrize("used", [False, True])
def test_attaching_twice_changes_nothing(module, caplog, used):
    _register.install(_methods())
    if used:
        module.Scan().mapped()
    before = vars(module.Scan)["mapped"]
    _register.install(_methods())
    assert vars(module.Scan)["mapped"] is before
    assert caplog.records == []


def test_existing_attribute_is_left(module, caplog):
    module.Scan.mapped = theirs = property(lambda self: "theirs")
    _register.install(_methods())
    assert vars(module.Scan)["mapped"] is theirs
    assert "Scan has a mapped already" in caplog.text


def test_attribute_of_lazy_signal_is_left(module, caplog):
    _register.install(_methods("persist"))
    assert not hasattr(module.Scan, "persist")
    assert module.LazyScan().persist() == "LazySignal's"
    assert "Scan has a persist already" in caplog.text


def test_missing_class_does_not_break_the_import(module, caplog):
    _register.install(_methods(cls="Gone"))
    assert "made_for_the_test has no class Gone" in caplog.text
