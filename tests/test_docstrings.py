"""Every function and method that the reference lists has an example, which is run.

pytest runs the examples themselves (``--doctest-modules``). Here it is seen that there
is one, and that the reference lists all that is public.
"""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[1] / "docs" / "reference"
DIRECTIVE = re.compile(r"\.\. (\w+):: (\S+)\n((?: {3}.*\n|\n(?= {3}))*)")
# What scikit-learn and HyperSpy make is theirs to explain.
HIDDEN = re.compile("_|set_.*_request$|gui$")
PACKAGE = "hyperspy_4dphase."
MODULES = ("", ".calibration", ".data", ".estimators", ".interactive", ".interop")
MODULES += (".plot", ".structures")
# Public for the sake of other layers: nobody calls them on a result.
INTERNAL = {"from_scan", "from_domains", "from_patterns", "to_arrays", "from_arrays"}


def listed(pages):
    """Yield the full name of all that texts of the reference list."""
    for text in pages:
        module = ""
        for kind, name, block in DIRECTIVE.findall(text):
            options = " ".join(block.split())
            whole = name.startswith(PACKAGE) or not module
            if kind == "currentmodule":
                module = name
            elif kind == "automethod":
                yield name
            elif kind in ("autofunction", "autoclass"):
                full = name if whole else f"{module}.{name}"
                yield full
                if kind == "autoclass":
                    yield from members(full, options)
            elif kind == "automodule" and ":no-members:" not in options:
                for own in importlib.import_module(name).__all__:
                    yield f"{name}.{own}"
                    if inspect.isclass(find(f"{name}.{own}")):
                        yield from members(f"{name}.{own}", ":members:")


def members(name, options):
    """The full names of the members of a class that are listed."""
    found = re.search(r"(?<!no-):?\bmembers:(.*)", options)
    if ":no-members:" in options or found is None:
        return []
    chosen = found[1].replace(",", " ").split()
    own = chosen or [n for n in vars(find(name)) if not HIDDEN.match(n)]
    return [f"{name}.{member}" for member in own]


def find(name):
    """What stands under a full name."""
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        for i, part in enumerate(parts[k:]):
            # A property is no method, whatever it gives.
            last = i == len(parts[k:]) - 1 and inspect.isclass(found)
            member = inspect.getattr_static(found, part, None) if last else None
            found = member if isinstance(member, property) else getattr(found, part)
        return found
    raise AssertionError(f"{name} is listed, but does not exist")


def is_shown(found, name):
    """Whether a docstring uses what it is of, in an example that is run."""
    if not (inspect.isfunction(found) or inspect.ismethod(found)):
        return True
    examples = doctest.DocTestParser().get_examples(found.__doc__ or "")
    run = [e.source for e in examples if not e.options.get(doctest.SKIP)]
    return any(re.search(rf"\b{name}\(", source) for source in run)


def without_example(names):
    """Of full names, those of functions and methods whose docstring shows no use."""
    return [name for name in names if not is_shown(find(name), name.rpartition(".")[2])]


def own_methods(cls):
    """Yield the class and the name of all public methods that this package wrote."""
    for base in cls.__mro__:
        if base.__module__.startswith(PACKAGE[:-1]):
            for member, value in vars(base).items():
                is_method = isinstance(value, (classmethod, staticmethod))
                if is_method or inspect.isfunction(value):
                    if not HIDDEN.match(member) and member not in INTERNAL:
                        yield base, member


PAGE_TEXTS = [page.read_text(encoding="utf-8") for page in sorted(PAGES.glob("*.rst"))]
LISTED = sorted(set(listed(PAGE_TEXTS)))


def test_whatever_is_listed_has_an_example():
    assert without_example(LISTED) == []


def test_whatever_replaces_a_method_of_hyperspy_has_an_example():
    classes = [found for name in LISTED if inspect.isclass(found := find(name))]
    own = {pair for cls in classes for pair in own_methods(cls)}
    assert {"save", "rebin", "map"} <= {member for _, member in own}
    lacking = [
        f"{base.__name__}.{member}"
        for base, member in own
        if not is_shown(getattr(base, member), member)
    ]
    assert sorted(lacking) == []


def test_what_is_public_in_parts_of_estimators_is_listed():
    estimators = importlib.import_module("hyperspy_4dphase.estimators")
    parts = [m for m in pkgutil.iter_modules(estimators.__path__) if m.ispkg]
    listed_names = {name.rpartition(".")[2] for name in LISTED}
    for part in parts:
        public = set(
            importlib.import_module(f"{estimators.__name__}.{part.name}").__all__
        )
        assert public - listed_names == set(), part.name


def test_all_public_names_are_listed():
    public = {
        f"hyperspy_4dphase{module}.{name}"
        for module in MODULES
        for name in importlib.import_module(f"hyperspy_4dphase{module}").__all__
        if not inspect.ismodule(find(f"hyperspy_4dphase{module}.{name}"))
    }
    assert public - set(LISTED) == set()


def test_all_public_methods_of_results_are_listed():
    package = importlib.import_module("hyperspy_4dphase")
    missing = []
    for name in package.__all__:
        result = getattr(package, name)
        if not inspect.isclass(result) or issubclass(result, tuple):
            continue
        own = {
            member
            for base in result.__mro__
            if base.__module__.startswith("hyperspy_4dphase")
            for member, value in vars(base).items()
            if not member.startswith("_") and inspect.isfunction(value)
        }
        own -= INTERNAL | {m for m in own if hasattr(base_signal(), m)}
        full = {f"hyperspy_4dphase.{name}.{member}" for member in own}
        missing += sorted(full - set(LISTED))
    assert missing == []


def base_signal():
    from hyperspy.signals import Signal2D

    return Signal2D


# The tests must be able to fail.
@pytest.mark.parametrize(
    "text",
    [
        ".. currentmodule:: tests.test_docstrings\n\n.. autofunction:: find\n",
        ".. currentmodule:: pathlib\n\n.. autoclass:: Path\n   :members: is_file\n",
        ".. currentmodule:: pathlib\n\n.. autoclass:: PurePath\n   :members:\n",
        ".. automethod:: pathlib.Path.is_dir\n",
    ],
)
def test_lack_of_an_example_is_seen(text):
    assert without_example(listed([text]))


@pytest.mark.parametrize(
    ("example", "shown"),
    [
        (">>> find('re')", True),
        (">>> find('re')  # doctest: +SKIP", False),
        (">>> from tests import find", False),
    ],
)
def test_an_example_counts_if_it_is_run_and_of_the_function(example, shown):
    def find():
        pass

    find.__doc__ = f"Find.\n\n{example}\n"
    assert is_shown(find, "find") is shown


def test_no_members_are_wanted_where_none_are_listed():
    text = ".. currentmodule:: pathlib\n\n.. autoclass:: Path\n   :no-members:\n"
    assert list(listed([text])) == ["pathlib.Path"]


def test_a_name_that_does_not_exist_is_seen():
    with pytest.raises((AttributeError, AssertionError)):
        find("hyperspy_4dphase.data.nothing")
