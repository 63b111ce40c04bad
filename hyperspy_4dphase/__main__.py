"""``python -m hyperspy_4dphase info``: what there is, for a report of a fault."""

import argparse
import importlib.metadata
import importlib.util
import platform

from hyperspy_4dphase import _register

# What the package stands on, what it can go on with, and what it can be spread over.
_PACKAGES = (
    "hyperspy-4dphase",
    "hyperspy",
    "pyxem",
    "orix",
    "diffsims",
    "diffpy.structure",
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "numba",
    "dask",
    "distributed",
    "zarr",
    "torch",
    "py4DSTEM",
    "quantem",
)


def main(arguments=None):
    """Run the command line; the arguments are those of the process by default."""
    parser = argparse.ArgumentParser(
        prog="python -m hyperspy_4dphase",
        description="Phase mapping of 4D-STEM scans in HyperSpy.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    info = commands.add_parser(
        "info", help="print versions, the GPU, and which methods are registered"
    )
    info.add_argument(
        "--check",
        action="store_true",
        help="import HyperSpy and pyxem, and see that the methods are attached; exit "
        "with 1 if one is not",
    )
    info.add_argument(
        "--no-gpu",
        action="store_true",
        help="do not look for a GPU, for which PyTorch must be imported",
    )
    options = parser.parse_args(arguments)
    lines, missing = list(_describe_versions()), []
    if not options.no_gpu:
        lines.append(f"GPU: {_find_gpu()}")
    lines += _describe_methods()
    if options.check:
        missing = _find_missing()
        lines += [f"NOT attached: {name}" for name in missing]
        if not missing:
            lines.append("All of them are attached.")
    print("\n".join(lines))
    return 1 if missing else 0


def _describe_versions():
    yield f"Python {platform.python_version()}, {platform.platform()}"
    for name in _PACKAGES:
        try:
            yield f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield f"{name}: not installed"


def _find_gpu():
    """The GPU that is used by default, as PyTorch names it."""
    if importlib.util.find_spec("torch") is None:
        return "not known, since PyTorch is not installed"
    import torch

    if not torch.cuda.is_available():
        return "none that PyTorch can use"
    return f"{torch.cuda.get_device_name()} (CUDA {torch.version.cuda})"


def _describe_methods():
    found = importlib.metadata.entry_points(
        group="hyperspy.extensions", name=_register.__name__
    )
    known = "yes" if len(found) else "NO: install the package"
    yield f"Registered as an extension of HyperSpy: {known}"
    for name, entry in _register.read_methods().items():
        classes = (target.rpartition(":")[2] for target in entry["classes"])
        yield f"  {name}(): {', '.join(classes)}"


def _find_missing():
    """Methods that are not what the manifest says, as ``"class.method"``."""
    # As a user does it: HyperSpy, and nothing else, has to attach them.
    import hyperspy.api  # noqa: F401

    missing = []
    for name, entry in _register.read_methods().items():
        for target in entry["classes"]:
            module, _, class_name = target.partition(":")
            cls = getattr(importlib.import_module(module), class_name, None)
            method = getattr(cls, name, None)
            if not _register.is_ours(method, entry["function"]):
                missing.append(f"{class_name}.{name}")
    return missing


if __name__ == "__main__":
    raise SystemExit(main())
