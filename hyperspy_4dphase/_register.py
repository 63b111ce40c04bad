"""Attach the methods that the manifest lists to pyxem's signal classes.

HyperSpy has no hook for methods on another package's class, so this is a patch, and
the only place where one is made. HyperSpy imports the package while it loads its
extensions, because the entry point's name is dotted; pyxem's classes are then awaited,
not imported. A method's function is imported when somebody first asks for it.

HyperSpy's base class gets, for each method, what raises AttributeError as before, but
says which signals have the method, and how to make a scan one of them.
"""

import functools
import importlib
import inspect
import logging
from pathlib import Path

import wrapt
import yaml

_logger = logging.getLogger(__name__)

MANIFEST = Path(__file__).with_name("hyperspy_extension.yaml")
# The class of HyperSpy that all signals derive from.
BASE = "hyperspy.signal", "BaseSignal"


class PendingMethod:
    """Stands on a class for a function that is imported when first asked for.

    The function then takes its place, so that signature, help and source are those of
    a method written in the class. Importing it earlier would be circular: it may need
    the very module of pyxem that is still being imported.

    Parameters
    ----------
    path : str
        The function, as ``"module:name"``.
    cls : type
        The class the method stands on.
    name : str
        The method's name.
    """

    def __init__(self, path, cls, name):
        self.path = path
        self.cls = cls
        self.name = name

    def __get__(self, instance, owner=None):
        function = _resolve(self.path)
        setattr(self.cls, self.name, function)
        return function.__get__(instance, owner)


class MissingMethod:
    """Stands on HyperSpy's base class, and says what signals have the method.

    A signal without that method still has none: asking for it raises AttributeError, as
    it would without this, and ``hasattr`` is False.

    Parameters
    ----------
    name : str
        The method's name.
    classes : list of str
        Names of the classes that have it.
    """

    def __init__(self, name, classes):
        self.name = name
        self.classes = classes

    def __get__(self, instance, owner=None):
        raise AttributeError(
            f"{owner.__name__!r} object has no attribute {self.name!r}. "
            f"hyperspy_4dphase gives {self.name}() to pyxem's "
            f"{', '.join(self.classes)}.{_advise(instance, self.classes)}"
        )


def _advise(signal, classes):
    """Say what makes a signal one of the classes, as far as it tells."""
    metadata = getattr(signal, "metadata", None)
    if metadata is None or metadata.get_item("Signal.signal_type"):
        return ""
    manager = signal.axes_manager
    n_signal = manager.signal_dimension
    has_kind = any(name.endswith(f"{n_signal}D") for name in classes)
    if has_kind and manager.navigation_dimension:
        return ' If this is a scan, say so: s.set_signal_type("electron_diffraction").'
    shape = (
        ", ".join(map(str, shape))
        for shape in (manager.navigation_shape, manager.signal_shape)
    )
    found = f" This signal has the dimensions ({'|'.join(shape)}), a scan (x, y|kx, ky)"
    if manager.navigation_dimension + n_signal < 3:
        return f"{found}."
    return (
        f"{found}: s.transpose(signal_axes=2) makes the last two axes those of the "
        'patterns, and s.set_signal_type("electron_diffraction") says that they are '
        "patterns."
    )


def _resolve(path):
    """Return the object named by ``"module:name"``."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def read_methods(manifest=MANIFEST):
    """Return the manifest's `methods` section.

    Parameters
    ----------
    manifest : path-like, optional
        The YAML file to read.

    Returns
    -------
    dict
        For each method's name a dict with the keys `function` (``"module:name"``) and
        `classes` (list of ``"module:class"``).
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with open(manifest, encoding="utf-8") as stream:
        return yaml.load(stream, Loader=loader)["methods"]


def install(methods):
    """Attach methods to their classes, now or as soon as these are imported.

    Parameters
    ----------
    methods : dict
        As returned by :func:`read_methods`.
    """
    for name, entry in methods.items():
        for target in entry["classes"]:
            module, _, class_name = target.partition(":")
            hook = functools.partial(
                _attach, class_name=class_name, name=name, path=entry["function"]
            )
            wrapt.register_post_import_hook(hook, module)
    wrapt.register_post_import_hook(functools.partial(_hint, methods=methods), BASE[0])


def _hint(module, *, methods):
    """Let signals that lack the methods say what has them."""
    cls = getattr(module, BASE[1], None)
    if cls is None:
        return
    for name, entry in methods.items():
        if inspect.getattr_static(cls, name, None) is None:
            classes = [target.rpartition(":")[2] for target in entry["classes"]]
            setattr(cls, name, MissingMethod(name, classes))


def _attach(module, *, class_name, name, path):
    """Attach one method to one class, unless something of that name is there."""
    cls = getattr(module, class_name, None)
    if cls is None:
        # An exception here would make the import of pyxem fail.
        _logger.warning(
            "%s has no class %s: %s() is not attached to it.",
            module.__name__,
            class_name,
            name,
        )
        return
    # The lazy twin inherits from LazySignal first: what that has would hide ours.
    lazy = getattr(module, f"Lazy{class_name}", cls)
    # Without calling any descriptor.
    existing = inspect.getattr_static(lazy, name, None)
    if existing is None or isinstance(existing, MissingMethod):
        setattr(cls, name, PendingMethod(path, cls, name))
    elif not is_ours(existing, path):
        _logger.warning(
            "%s has a %s already, which is left as it is: the method of "
            "hyperspy_4dphase is not attached.",
            class_name,
            name,
        )


def is_ours(attribute, path):
    """Tell whether an attribute is the method that `path` ("module:name") names."""
    if isinstance(attribute, PendingMethod):
        return attribute.path == path
    own = (getattr(attribute, name, None) for name in ("__module__", "__name__"))
    return tuple(own) == tuple(path.split(":"))
