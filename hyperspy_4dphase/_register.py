"""Attach the methods that the manifest lists to pyxem's signal classes.

HyperSpy has no hook for methods on another package's class, so this is a patch, and
the only place where one is made. HyperSpy imports the package while it loads its
extensions, because the entry point's name is dotted; pyxem's classes are then awaited,
not imported. A method's function is imported when somebody first asks for it.
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
    if existing is None:
        setattr(cls, name, PendingMethod(path, cls, name))
    elif not _is_ours(existing, path):
        _logger.warning(
            "%s has a %s already, which is left as it is: the method of "
            "hyperspy_4dphase is not attached.",
            class_name,
            name,
        )


def _is_ours(attribute, path):
    """Tell whether an attribute is the method that `path` names."""
    if isinstance(attribute, PendingMethod):
        return attribute.path == path
    own = (getattr(attribute, name, None) for name in ("__module__", "__name__"))
    return tuple(own) == tuple(path.split(":"))
